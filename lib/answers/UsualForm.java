package answers;

import answers.Node.Call;
import answers.Node.Interval;
import answers.Node.Matrix;
import answers.Node.Num;
import answers.Node.Relation;
import answers.Node.Sequence;
import answers.Node.Sym;
import answers.Node.Text;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The usual form of answers, see {@link FinalForm#usual()}, as one reference shows it. */
final class UsualForm {

    /** What needs no example in the reference. */
    private static final Set<String> ALWAYS = Set.of("+", "*", "/", "neg", "sqrt", "root", "percent", "degree", "time", "ratio",
            "directed", "pm", "mp", "base", "exp", "apply", "index", "cup", "cap", "setminus");
    /** What a rational number may consist of. */
    private static final Set<String> RATIONAL = Set.of("/", "neg", "percent", "degree", "directed", "ratio", "time");
    private static final Set<String> LOGARITHMS = Set.of("ln", "log", "lg", "logb");
    private static final Rational TEN = Rational.of(10);
    private static final int LARGEST_FACTOR = 1000;
    private static final Pattern TWO_SIGNS = Pattern.compile("[-−][\\s({]*[-−]\\s*[\\d\\\\]");
    private static final Pattern E_NOTATION = Pattern.compile("\\d[eE][-+]?\\d");

    private final Node reference;
    private final Set<String> shown;
    private final boolean scientific;
    private final boolean symbolic;
    private final boolean rational;
    private final boolean number;

    /** The form of a reference answer. */
    static UsualForm of(String reference) {
        return new UsualForm(Parser.parse(reference), E_NOTATION.matcher(reference).find());
    }

    private UsualForm(Node reference, boolean scientific) {
        this.reference = Equivalence.value(Directions.value(reference));
        this.shown = operators(reference).collect(Collectors.toCollection(TreeSet::new));
        if (LOGARITHMS.stream().anyMatch(shown::contains)) {
            shown.addAll(LOGARITHMS);
        }
        this.scientific = scientific || reference.any(UsualForm::isScientific);
        this.rational = Exact.of(this.reference).isPresent();
        this.number = (this.reference instanceof Num || this.reference instanceof Call) && !isSetOperation(this.reference)
                && this.reference.variables().isEmpty();
        this.symbolic = !this.reference.variables().isEmpty();
    }

    private static Stream<String> operators(Node node) {
        return Stream.concat(node instanceof Call call ? Stream.of(call.op()) : Stream.empty(),
                node.parts().stream().flatMap(UsualForm::operators));
    }

    boolean isFinal(String answer) {
        Node node = Parser.parse(answer);
        boolean rounded = node instanceof Num num && num.decimal() && isShort(reference) && !num.value().equals(((Num) reference).value());
        return !rounded && isFinal(node) && !TWO_SIGNS.matcher(answer).find();
    }

    private boolean isFinal(Node answer) {
        if (answer.equals(reference) || answer instanceof Text || reference instanceof Text) {
            return true;
        } else if (number && (answer instanceof Interval || isSetOperation(answer) || answer instanceof Relation relation
                && !relation.isEquation()
                && !relation.operators().contains("in"))) {
            return false; // a set of one number
        } else if (answer instanceof Sequence sequence) {
            return sequence.items().stream().allMatch(this::isFinal);
        } else if (answer instanceof Relation relation) {
            return relation(relation);
        } else if (answer instanceof Interval || answer instanceof Matrix || isSetOperation(answer)) {
            return answer.parts().stream().allMatch(this::isFinal);
        } else if (answer.is("directed") || answer.is("percent") || answer.is("degree") && !symbolic) {
            return isFinal(answer.parts().get(0));
        } else if (answer.is("ratio") || answer.is("time") || answer.is("pm") || answer.is("mp")) {
            return answer.parts().stream().allMatch(this::isFinal) && !(answer.is("ratio") && isReducible(answer));
        }
        return (symbolic || answer.variables().isEmpty()) && isCollected(answer) && isFactoredAlike(answer);
    }

    private static boolean isSetOperation(Node node) {
        return node.is("cup") || node.is("cap") || node.is("setminus");
    }

    // ---- relations

    /** A name and what it comes to; or a computation that ends in the number asked for. */
    private boolean relation(Relation answer) {
        List<Node> sides = answer.sides();
        boolean numbers = answer.isEquation() && answer.variables().isEmpty();
        if (numbers && !(reference instanceof Relation)) {
            return !answer.left().equals(answer.right()) && isTrue(answer) && isFinal(Equivalence.exact(answer));
        }
        boolean solved = !(reference instanceof Relation gold) || isSolved(gold);
        if (!solved) {
            return sides.stream().allMatch(this::isCollected);
        } else if (!isSolved(answer)) {
            return false;
        }
        return answer.isEquation() && sides.size() > 2 ? isFinal(Equivalence.exact(answer))
                : sides.stream().filter(side -> !Equivalence.isName(side)).allMatch(this::isFinal);
    }

    /** Whether no two sides of an equation of rational numbers differ: 7 + 3 = 10, but not 9 = 10. */
    private static boolean isTrue(Relation equation) {
        return equation.operators().contains("~")
                || equation.sides().stream().map(Exact::of).flatMap(Optional::stream).distinct().count() <= 1;
    }

    /** x = 5, 5 < x, 1 < x < 2, f(x) = x + 1, x in S, but not x + 1 = 6, x = x, or 2x = 10. */
    private static boolean isSolved(Relation relation) {
        List<Node> names = relation.sides().stream().filter(Equivalence::isName).filter(name -> !(name.is("abs")
                && name.parts().get(0) instanceof Sym)).toList();
        if (relation.operators().contains("in")) {
            return relation.sides().size() == 2 && !names.isEmpty();
        } else if (relation.sides().size() > 2 && relation.isEquation()) {
            return Equivalence.isName(relation.left());
        }
        boolean two = relation.sides().size() == 2 && names.size() == 2 && !relation.left().equals(relation.right());
        return names.size() == 1 && !(names.get(0) instanceof Text) && relation.sides().stream().filter(side -> side != names.get(0))
                .noneMatch(side -> names.get(0) instanceof Sym && side.variables().containsAll(names.get(0).variables())
                        && !names.get(0).variables().isEmpty())
                || two || relation.sides().stream().anyMatch(side -> side instanceof Text);
    }

    // ---- expressions

    /** Nothing in it can still be worked out, but for what the reference leaves so. */
    private boolean isCollected(Node node) {
        if (node instanceof Num || node instanceof Sym) {
            return true;
        } else if (!(node instanceof Call)) {
            return node.parts().stream().allMatch(this::isFinal);
        } else if (isScientific(node)) {
            return scientific && (hasMantissa(node) || reference.any(part -> isScientific(part) && !hasMantissa(part)));
        }
        Call call = (Call) node;
        boolean fractional = call.op().equals("*") && call.args().get(0).is("/"); // half of a matrix
        if (call.args().stream().anyMatch(Matrix.class::isInstance) && !fractional && !shown.contains(call.op())) {
            return false;
        } else if (!shown.contains(call.op()) && !(rational ? RATIONAL.contains(call.op()) : ALWAYS.contains(call.op())
                || isOrdinaryPower(call))) {
            return false;
        }
        return !(isReducible(node) && !isShown(node)) && (!node.is("+") || areDifferent(terms(node))) && (!node.is("*")
                || areDifferentBases(factors(node)))
                && call.args().stream().allMatch(this::isCollected);
    }

    /** Whether a number has at most six decimals, so that one with more is another. */
    private static boolean isShort(Node node) {
        return node instanceof Num num && num.value().times(Rational.of(1_000_000)).isInteger();
    }

    /** A power of a variable or of e, or a root written as one. */
    private boolean isOrdinaryPower(Call call) {
        return call.op().equals("^") && (!call.args().get(0).variables().isEmpty() || !call.args().get(1).variables().isEmpty()
                || call.args().get(0).equals(new Sym("e")) || call.args().get(0).equals(new Sym("pi")) || Exact.of(call).isEmpty());
    }

    /** A rational number that is not spelled as one, or a radical with a square in it. */
    private static boolean isReducible(Node node) {
        if (node instanceof Num || node.is("neg") && node.parts().get(0) instanceof Num) {
            return false;
        } else if (node.is("sqrt")) {
            return Exact.of(node).isPresent() || node.parts().get(0) instanceof Num num && num.value().isInteger()
                    && hasSquare(num.value().numerator());
        }
        Optional<Rational> value = Exact.of(node);
        if (node.is("ratio")) {
            return node.parts().size() == 2 && node.parts().stream().allMatch(part -> part instanceof Num)
                    && !isLowest((Num) node.parts().get(0), (Num) node.parts().get(1));
        } else if (value.isEmpty()) {
            return node.is("/") && isCancellable(node.parts().get(0), node.parts().get(1));
        } else if (node.is("/")) {
            Node top = node.parts().get(0).is("neg") ? node.parts().get(0).parts().get(0) : node.parts().get(0);
            Node bottom = node.parts().get(1);
            return !(top instanceof Num a && bottom instanceof Num b && isLowest(a, b));
        } else if (node.is("neg")) {
            return isReducible(node.parts().get(0));
        } else if (node.is("^")) {
            return false; // only where the reference shows one
        }
        return !node.is("percent");
    }

    /** Whether an integer below divides with a number factor above: 4 pi / 2; not 3 pi / 2. */
    private static boolean isCancellable(Node top, Node bottom) {
        return bottom instanceof Num below && below.value().isInteger() && factors(top).stream().anyMatch(factor -> factor instanceof Num n
                && n.value().isInteger() && !isLowest(n, below));
    }

    private static boolean isLowest(Num a, Num b) {
        return a.value().isInteger() && b.value().isInteger() && b.value().minus(Rational.ONE).signum() > 0
                && a.value().numerator().gcd(b.value().numerator()).equals(BigInteger.ONE);
    }

    private static boolean hasSquare(BigInteger n) {
        for (int k = 2; k <= LARGEST_FACTOR; k++) {
            BigInteger square = BigInteger.valueOf((long) k * k);
            if (square.compareTo(n) > 0) {
                return false;
            } else if (n.mod(square).signum() == 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether the reference leaves such a thing unevaluated: an unreduced fraction, a radical with a square, a product. */
    private boolean isShown(Node node) {
        return reference.any(part -> part instanceof Call call && call.op().equals(((Call) node).op()) && isReducible(part));
    }

    private static boolean isScientific(Node node) {
        return node.is("*") && node.parts().get(0) instanceof Num && isPowerOfTen(node.parts().get(1))
                || node.is("*") && node.parts().get(0).is("neg") && isPowerOfTen(node.parts().get(1)) || isPowerOfTen(node);
    }

    /** Whether the factor of a power of ten has one digit before the point. */
    private static boolean hasMantissa(Node node) {
        Rational factor = isPowerOfTen(node) ? Rational.ONE : Exact.of(node.parts().get(0)).orElse(Rational.ONE);
        Rational size = factor.signum() < 0 ? factor.negate() : factor;
        return size.minus(Rational.ONE).signum() >= 0 && size.minus(TEN).signum() < 0;
    }

    private static boolean isPowerOfTen(Node node) {
        return node.is("^") && node.parts().get(0) instanceof Num ten && ten.value().equals(TEN)
                && (node.parts().get(1) instanceof Num || node.parts().get(1).is("neg")
                        && node.parts().get(1).parts().get(0) instanceof Num);
    }

    // ---- terms and factors

    private static List<Node> terms(Node node) {
        return node.is("+") ? node.parts().stream().flatMap(part -> terms(part).stream()).toList() : List.of(node);
    }

    private static List<Node> factors(Node node) {
        if (node.is("*")) {
            return node.parts().stream().flatMap(part -> factors(part).stream()).toList();
        }
        return node.is("neg") ? factors(node.parts().get(0)) : List.of(node);
    }

    /** Whether no two terms differ by a rational factor alone: 1 + 1, x + x, 2x + 3x; unless the reference has such. */
    private boolean areDifferent(List<Node> terms) {
        List<String> kinds = terms.stream().map(UsualForm::kind).toList();
        return kinds.stream().distinct().count() == kinds.size() || reference.any(part -> part.is("+") && !distinct(terms(part)));
    }

    private static boolean distinct(List<Node> terms) {
        return terms.stream().map(UsualForm::kind).distinct().count() == terms.size();
    }

    /** A term without its rational factor. */
    private static String kind(Node term) {
        if (Exact.of(term).isPresent()) {
            return "number";
        }
        List<String> kind = new ArrayList<>();
        for (Node factor : factors(term)) {
            if (factor.is("/") && Exact.of(factor.parts().get(1)).isPresent()) {
                kind.add(kind(factor.parts().get(0)));
            } else if (Exact.of(factor).isEmpty()) {
                kind.add(factor.canonical());
            }
        }
        return kind.stream().sorted().collect(Collectors.joining("*"));
    }

    /** Whether no two factors are powers of the same: x x, 2 * 3; unless the reference has such. */
    private boolean areDifferentBases(List<Node> factors) {
        List<String> bases = factors.stream().map(factor -> Exact.of(factor).isPresent() ? "number" : factor.is("^")
                ? factor.parts().get(0).canonical()
                : factor.is("sqrt") && Exact.of(factor.parts().get(0)).isPresent() ? "sqrt" : factor.canonical()).toList();
        return bases.stream().distinct().count() == bases.size() || shown.contains("*") && isProductShown();
    }

    private boolean isProductShown() {
        return reference.any(part -> part.is("*") && factors(part).stream().filter(factor -> Exact.of(factor).isPresent()).count() > 1);
    }

    /** An expression is a product of sums, or a sum, or has a variable in a denominator, only if the reference is and has. */
    private boolean isFactoredAlike(Node answer) {
        if (!symbolic) {
            return true;
        }
        boolean sum = answer.is("+");
        boolean goldSum = reference.is("+");
        boolean half = sum && terms(answer).stream().anyMatch(UsualForm::isMultipliedSum); // 2(x+1) - 2
        return !(isFactored(reference) && sum) && !(goldSum && isFactored(answer)) && !(half && !reference.any(UsualForm::isMultipliedSum))
                && (hasVariableBelow(reference) || !hasVariableBelow(answer));
    }

    private static boolean isFactored(Node node) {
        List<Node> factors = factors(node).stream().filter(factor -> !factor.variables().isEmpty()).toList();
        return factors.stream().anyMatch(UsualForm::isSum) && (factors.size() > 1 || factors.stream().anyMatch(factor -> factor.is("^")));
    }

    private static boolean isMultipliedSum(Node term) {
        List<Node> factors = factors(term);
        return factors.size() > 1 && factors.stream().anyMatch(UsualForm::isSum);
    }

    private static boolean isSum(Node factor) {
        return factor.is("+") || factor.is("^") && factor.parts().get(0).is("+");
    }

    private static boolean hasVariableBelow(Node node) {
        return node.any(part -> part.is("/") && !part.parts().get(1).variables().isEmpty()
                || part.is("^") && !part.parts().get(0).variables().isEmpty()
                        && Exact.of(part.parts().get(1)).filter(n -> n.signum() < 0).isPresent());
    }
}
