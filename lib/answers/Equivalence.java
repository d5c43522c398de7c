package answers;

import answers.Node.Call;
import answers.Node.Kind;
import answers.Node.Matrix;
import answers.Node.Num;
import answers.Node.Relation;
import answers.Node.Sequence;
import answers.Node.Sym;
import answers.Node.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether an answer is the reference, by structure: sets and lists in any order, tuples in order, intervals with their ends,
 * matrices by cells, equations up to a factor; {@link ValueComparison} decides their parts. Not symmetric: the reference says what is
 * asked for.
 */
final class Equivalence {

    private static final int MAX_ITEMS = 100;

    private final ValueComparison leaf;

    Equivalence(ValueComparison leaf) {
        this.leaf = leaf;
    }

    boolean equal(Node gold, Node answer) {
        if (gold.equals(answer)) {
            return leaf.same();
        }
        if (gold.is("modulo") || answer.is("modulo")) {
            return Congruence.same(this, gold, answer);
        } else if (gold.is("time") != answer.is("time") && Directions.isHour(gold, answer)) {
            return leaf.same();
        }
        if (gold.is("directed") || answer.is("directed")) {
            return directed(gold, answer);
        }
        gold = plain(gold);
        answer = plain(answer);
        boolean isGoldRelation = gold instanceof Relation r && !r.operators().contains("in");
        boolean isAnswerRelation = answer instanceof Relation r && !r.operators().contains("in");
        if (RealSet.isContinuous(gold) || RealSet.isContinuous(answer)) {
            Optional<RealSet> left = RealSet.of(gold);
            Optional<RealSet> right = RealSet.of(answer);
            if (left.isPresent() && right.isPresent() && sameUnknown(gold, answer)) {
                return left.get().equal(right.get(), leaf::equal);
            }
        }
        if (isGoldRelation && isAnswerRelation) {
            return relations((Relation) gold, (Relation) answer);
        } else if (isGoldRelation || isAnswerRelation) {
            return unwrapped(gold, answer);
        } else if (gold instanceof Text || answer instanceof Text) {
            return Spelling.words(gold).equals(Spelling.words(answer)) && !Spelling.words(gold).isEmpty();
        } else if (holdsMatrix(gold) || holdsMatrix(answer)) {
            return matrices(Matrices.evaluate(gold), Matrices.evaluate(answer));
        } else if (gold instanceof Sequence || answer instanceof Sequence) {
            return groups(gold, answer);
        } else if (gold instanceof Node.Interval a && answer instanceof Node.Interval b) {
            return a.lowOpen() == b.lowOpen() && a.highOpen() == b.highOpen() && equal(a.low(), b.low()) && equal(a.high(), b.high());
        } else if (gold.is("cup") && answer.is("cup")) {
            return equal(gold.parts().get(0), answer.parts().get(0)) && equal(gold.parts().get(1), answer.parts().get(1));
        }
        return values(gold, answer);
    }

    private boolean directed(Node gold, Node answer) {
        if (Directions.contradict(gold, answer)) {
            return leaf.differ("opposite directions");
        } else if (Directions.areTimes(gold, answer)) {
            return Directions.sameTime(gold, answer) ? leaf.same() : leaf.differ("the times differ");
        }
        return equal(Directions.value(gold), Directions.value(answer));
    }

    /** Without {@code x in}, with plus-minus as two values, with matrices of one column as they are. */
    private static Node plain(Node node) {
        if (node instanceof Relation relation && relation.operators().equals(List.of("in"))) {
            return plain(relation.right());
        } else if (node.any(part -> part.is("pm") || part.is("mp"))) {
            if (node instanceof Sequence sequence && sequence.kind() != Kind.TUPLE) {
                return new Sequence(sequence.kind(), sequence.items().stream().flatMap(item -> signs(item).stream()).toList());
            }
            return new Sequence(Kind.LIST, signs(node));
        }
        return node;
    }

    private static List<Node> signs(Node node) {
        return node.any(part -> part.is("pm") || part.is("mp")) ? List.of(signed(node, true), signed(node, false)) : List.of(node);
    }

    private static Node signed(Node node, boolean plus) {
        if (node instanceof Call call) {
            List<Node> args = call.args().stream().map(arg -> signed(arg, plus)).toList();
            return switch (call.op()) {
                case "pm" -> plus ? sum(args) : sum(List.of(args.get(0), Node.call("neg", args.get(1))));
                case "mp" -> plus ? sum(List.of(args.get(0), Node.call("neg", args.get(1)))) : sum(args);
                default -> new Call(call.op(), args);
            };
        } else if (node instanceof Relation relation) {
            return new Relation(relation.sides().stream().map(side -> signed(side, plus)).toList(), relation.operators());
        } else if (node instanceof Sequence sequence) {
            return new Sequence(sequence.kind(), sequence.items().stream().map(item -> signed(item, plus)).toList());
        }
        return node;
    }

    private static Node sum(List<Node> terms) {
        return terms.get(0).equals(Node.integer(0)) ? terms.get(1) : new Call("+", terms);
    }

    /** x < 3 and y < 3 are different, but (-oo, 3) and y < 3 are not. */
    private static boolean sameUnknown(Node gold, Node answer) {
        return gold.variables().isEmpty() || answer.variables().isEmpty() || gold.variables().equals(answer.variables());
    }

    // ---- relations

    private boolean relations(Relation gold, Relation answer) {
        Relation a = shortened(gold);
        Relation b = shortened(answer);
        if (a.operators().size() == 1 && b.operators().size() == 1) {
            String op = b.operators().get(0);
            boolean same = a.operators().get(0).equals(op);
            boolean flipped = a.operators().get(0).equals(RealSet.flipped(op));
            if (isName(a.left()) && isName(b.left()) && a.isEquation()) {
                return sameName(a.left(), b.left()) && equal(a.right(), b.right())
                        || equal(a.left(), b.right()) && equal(a.right(), b.left());
            }
            Node left = difference(a);
            Node right = difference(b);
            return same && proportional(left, right, !a.isEquation() && !op.equals("!="), 1)
                    || flipped && proportional(left, right, true, -1);
        }
        List<Node> reversed = new ArrayList<>(b.sides());
        java.util.Collections.reverse(reversed);
        List<String> operators = new ArrayList<>(b.operators().stream().map(RealSet::flipped).toList());
        java.util.Collections.reverse(operators);
        return a.operators().equals(b.operators()) && inOrder(a.sides(), b.sides())
                || a.operators().equals(operators) && inOrder(a.sides(), reversed);
    }

    private boolean sameName(Node a, Node b) {
        return a.equals(b) || Spelling.words(a).equals(Spelling.words(b)) || a instanceof Call && b instanceof Call && values(a, b)
                || a.is("apply") && b.is("apply") && a.parts().get(0).equals(b.parts().get(0))
                || a instanceof Sequence x && b instanceof Sequence y && x.items().equals(y.items());
    }

    /** A chain {@code x = a = b} says {@code x = b}; what comes after an approximation sign is only that. */
    private static Relation shortened(Relation relation) {
        if (!relation.isEquation() || relation.sides().size() == 2) {
            return relation;
        }
        return new Relation(List.of(relation.left(), exact(relation)), List.of("="));
    }

    static Node exact(Relation relation) {
        int last = relation.operators().indexOf("~");
        return last < 0 || last == 0 && isName(relation.left()) ? relation.right() : relation.sides().get(last);
    }

    private static Node difference(Relation relation) {
        return Node.call("+", relation.left(), Node.call("neg", relation.right()));
    }

    /** Whether {@code b} is {@code sign} times {@code a} times a factor, which must be positive for inequalities. */
    private boolean proportional(Node a, Node b, boolean positive, int sign) {
        Numeric.Value x = Numeric.at(a, 0);
        Numeric.Value y = Numeric.at(b, 0);
        if (!x.value().isReal() || !y.value().isReal() || !(Math.abs(x.value().re()) > 0) || !(Math.abs(y.value().re()) > 0)) {
            return leaf.equal(a, sign > 0 ? b : Node.call("neg", b));
        }
        if (positive && Math.signum(x.value().re()) != sign * Math.signum(y.value().re())) {
            return false;
        }
        Node left = Node.call("*", a, at(b));
        Node right = Node.call("*", b, at(a));
        return leaf.equal(left, right);
    }

    /** The value of an expression at one point, as an expression of constants. */
    private static Node at(Node node) {
        if (node instanceof Sym sym && !Numeric.CONSTANTS.contains(sym.name())) {
            return new Num(Numeric.coordinate(sym.name(), 0), false);
        } else if (node instanceof Call call && !call.op().equals("apply") && !call.op().equals("index") && !call.op().equals("sum")
                && !call.op().equals("prod") && !call.op().equals("int")) {
            return new Call(call.op(), call.args().stream().map(Equivalence::at).toList());
        }
        return node;
    }

    /** An equation against what is none: {@code x = 5} is 5; {@code 2x + z = 1} is not 1. */
    private boolean unwrapped(Node gold, Node answer) {
        if (answer instanceof Relation turned && turned.operators().equals(List.of("=")) && isName(turned.right())
                && !isName(turned.left())) {
            return unwrapped(gold, new Relation(List.of(turned.right(), turned.left()), turned.operators())); // 5 = x
        }
        if (gold instanceof Relation relation) {
            return relation.isEquation() && names(relation) && equal(exact(relation), answer);
        }
        Relation relation = (Relation) answer;
        boolean numbers = relation.variables().isEmpty() && relation.sides().stream().noneMatch(side -> side instanceof Text);
        if (relation.isEquation() && (numbers || names(relation))) {
            return equal(gold, exact(relation));
        } else if (gold instanceof Sequence && !(gold.parts().isEmpty())) {
            return groups(gold, answer);
        }
        return false;
    }

    private static boolean names(Relation relation) {
        return relation.sides().subList(0, relation.sides().size() - 1).stream().anyMatch(Equivalence::isName);
    }

    /** Whether something is named rather than computed: x, a_3, AB, f(x), |AB|, NO/BO, A:B, (x, y). */
    static boolean isName(Node node) {
        return node instanceof Text || node instanceof Sym sym && !Numeric.CONSTANTS.contains(sym.name()) || node.is("apply")
                || node.is("index") || (node.is("*") || node.is("/") || node.is("abs") || node.is("ratio") || node.is("degree"))
                        && node.parts().stream().allMatch(Equivalence::isName) && node.parts().stream().distinct().count() == node.parts()
                                .size()
                || node instanceof Sequence sequence && sequence.items().stream().allMatch(Equivalence::isName)
                || node instanceof Sym constant && (constant.name().equals("e") || constant.name().equals("i"));
    }

    // ---- groups and matrices

    private boolean groups(Node gold, Node answer) {
        List<Node> a = items(gold);
        List<Node> b = items(answer);
        Kind goldKind = kind(gold);
        Kind answerKind = kind(answer);
        if (goldKind == Kind.SET || answerKind == Kind.SET) {
            if (goldKind == Kind.TUPLE || answerKind == Kind.TUPLE) {
                return false;
            }
            return a.size() <= MAX_ITEMS && b.size() <= MAX_ITEMS && covers(a, b) && covers(b, a);
        }
        if (a.size() < b.size() && goldKind != Kind.TUPLE && answerKind != Kind.TUPLE && once(a).size() == a.size()) {
            b = once(b);
        }
        if (a.size() != b.size()) {
            return false;
        } else if (goldKind == Kind.TUPLE || answerKind == Kind.TUPLE) {
            return goldKind != null && answerKind != null && inOrder(a, b);
        } else if (a.stream().allMatch(Equivalence::isNamed) && b.stream().noneMatch(Equivalence::isNamed) && distinctNames(a)) {
            return inOrder(a, b);
        }
        return a.size() <= MAX_ITEMS && matching(a, b);
    }

    private static boolean isNamed(Node node) {
        return node instanceof Relation relation && relation.isEquation() && isName(relation.left());
    }

    private static boolean distinctNames(List<Node> relations) {
        return relations.stream().map(r -> ((Relation) r).left()).distinct().count() == relations.size();
    }

    private static Kind kind(Node node) {
        return node instanceof Sequence sequence ? sequence.kind() : node.equals(new Sym("Empty")) ? Kind.SET : null;
    }

    /** The items; a solution that is listed twice counts once. */
    private static List<Node> items(Node node) {
        return node instanceof Sequence sequence ? sequence.kind() == Kind.TUPLE
                || sequence.items().stream().anyMatch(item -> item instanceof Num)
                        ? sequence.items() : sequence.items().stream().distinct().toList()
                : node.equals(new Sym("Empty")) ? List.of()
                : List.of(node);
    }

    private static List<Node> once(List<Node> items) {
        Map<String, Node> once = new LinkedHashMap<>();
        items.forEach(item -> once.putIfAbsent(item.canonical(), item));
        return List.copyOf(once.values());
    }

    private boolean inOrder(List<Node> a, List<Node> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (!equal(a.get(i), b.get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean covers(List<Node> a, List<Node> b) {
        return a.stream().allMatch(x -> b.stream().anyMatch(y -> equal(x, y)));
    }

    private boolean matching(List<Node> a, List<Node> b) {
        List<Node> rest = new ArrayList<>(b);
        for (Node x : a) {
            Optional<Node> found = rest.stream().filter(y -> equal(x, y)).findFirst();
            if (found.isEmpty()) {
                return false;
            }
            rest.remove(found.get());
        }
        return true;
    }

    private static boolean holdsMatrix(Node node) {
        return node.any(part -> part instanceof Matrix);
    }

    private boolean matrices(Node a, Node b) {
        if (a instanceof Matrix && Matrices.listed(b).isPresent()) {
            return matrices(a, Matrices.listed(b).get());
        } else if (a instanceof Matrix x && b instanceof Matrix y) {
            return Matrices.sameShape(x, y) && inOrder(x.cells(), y.cells());
        } else if (a instanceof Matrix x && b instanceof Sequence y && x.isVector() && y.kind() == Kind.TUPLE) {
            return inOrder(x.cells(), y.items());
        } else if (a instanceof Sequence x && b instanceof Matrix y && y.isVector() && x.kind() == Kind.TUPLE) {
            return inOrder(x.items(), y.cells());
        } else if (a instanceof Sequence || b instanceof Sequence) {
            return groups(a, b);
        }
        return false;
    }

    // ---- values

    private boolean values(Node gold, Node answer) {
        if (gold.is("percent") != answer.is("percent")) {
            Node percent = gold.is("percent") ? gold : answer;
            Node other = gold.is("percent") ? answer : gold;
            return leaf.equal(percent, other) || leaf.equal(percent.parts().get(0), other);
        } else if (gold.is("percent")) {
            return leaf.equal(gold.parts().get(0), answer.parts().get(0));
        } else if (gold.is("degree") != answer.is("degree")) {
            Node degree = gold.is("degree") ? gold : answer;
            Node other = gold.is("degree") ? answer : gold;
            return leaf.equal(degree.parts().get(0), other) || !(other instanceof Num) && leaf.equal(degree, other);
        } else if (gold.is("time") || answer.is("time") || gold.is("ratio") || answer.is("ratio")) {
            return ratios(gold, answer);
        } else if (gold.is("base") || answer.is("base")) {
            return bases(gold, answer);
        }
        return leaf.equal(gold, answer);
    }

    private boolean ratios(Node gold, Node answer) {
        List<Node> a = gold.parts();
        List<Node> b = answer.parts();
        if (gold.is("time") && answer.is("time")) {
            return inOrder(a, b);
        }
        boolean isRatio = gold.is("time") || gold.is("ratio");
        if (isRatio != (answer.is("time") || answer.is("ratio"))) {
            List<Node> parts = isRatio ? a : b;
            return parts.size() == 2 && leaf.equal(Node.call("/", parts.get(0), parts.get(1)), isRatio ? answer : gold);
        }
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 1; i < a.size(); i++) { // a0 : ai = b0 : bi
            if (!leaf.equal(Node.call("*", a.get(0), b.get(i)), Node.call("*", b.get(0), a.get(i)))) {
                return false;
            }
        }
        return true;
    }

    /** Numerals of a base: digit for digit; the base may be left out. */
    private static boolean bases(Node gold, Node answer) {
        if (gold.is("base") && answer.is("base")) {
            return gold.equals(answer);
        }
        Node numeral = gold.is("base") ? gold : answer;
        Node other = gold.is("base") ? answer : gold;
        return gold.is("base") && other instanceof Num num && num.value().toString().equals(((Sym) numeral.parts().get(0)).name());
    }

    /** What an answer comes to: the right side of {@code x = 5}. */
    static Node value(Node node) {
        return node instanceof Relation relation && relation.isEquation() && isName(relation.left()) ? exact(relation)
                : node.is("degree") ? node.parts().get(0) : node;
    }
}
