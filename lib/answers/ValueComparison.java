package answers;

import answers.Node.Call;
import answers.Node.Num;
import answers.Node.Sym;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Equality of two expressions, the leaves of an answer. Cheapest first: exact numbers; values in double precision at five
 * points, which tell nearly all different ones apart; exact values at large random points of what is a rational expression of
 * variables, roots and other parts; last, computer algebra.
 *
 * <p>A number written with a decimal point equals what rounds to the same six decimals, and below 0.001 in magnitude what is
 * the same to six significant digits. So 0.333333 is one third and 0.33 is not. Numbers without a decimal point are exact.
 */
final class ValueComparison {

    private static final Rational THOUSANDTH = Rational.of(1).over(Rational.of(1000));
    private static final Rational HALF = Rational.of(1).over(Rational.of(2));
    private static final int POINTS = 5;
    private static final Set<String> RATIONAL = Set.of("+", "*", "/", "neg", "percent", "^");

    private final Algebra algebra;
    private String reason = "";
    private String undecided;
    private boolean failed;

    ValueComparison(Algebra algebra) {
        this.algebra = algebra;
    }

    /** How the last decision was made. */
    String reason() {
        return reason;
    }

    /** Why some decision could not be made; null if all were. */
    String undecided() {
        return undecided;
    }

    /** Whether the algebra process failed on the way. */
    boolean failed() {
        return failed;
    }

    /** For what is equal at sight. */
    boolean same() {
        return because(true, "the same");
    }

    /** For what is different at sight. */
    boolean differ(String why) {
        return because(false, why);
    }

    boolean equal(Node a, Node b) {
        if (a.equals(b)) {
            return because(true, "the same expression");
        }
        boolean decimal = a.hasDecimal() || b.hasDecimal();
        Optional<Rational> x0 = Exact.of(a);
        Optional<Rational> y0 = Exact.of(b);
        if (x0.isPresent() && y0.isPresent()) {
            boolean equal = decimal ? close(x0.get(), y0.get()) : x0.equals(y0);
            return because(equal, equal ? "the same number" : "the numbers differ");
        }
        Set<String> variables = new TreeSet<>(a.variables());
        variables.addAll(b.variables());
        if (variables.isEmpty() && decimal) {
            return decimals(a, b);
        }
        int seen = 0;
        int mixed = 0;
        for (int point = 0; point < POINTS; point++) {
            Numeric.Value x = Numeric.at(a, point);
            Numeric.Value y = Numeric.at(b, point);
            boolean real = x.value().isReal() && y.value().isReal();
            boolean either = x.value().isReal() || y.value().isReal();
            if (!variables.isEmpty() && !real && (either || point >= 3) && !x.value().isNaN() && !y.value().isNaN()) {
                mixed++; // a root of a negative number, which has more than one meaning
            } else if (x.differsFrom(y)) {
                return because(false, variables.isEmpty() ? "the values differ" : "the values differ at a point");
            } else {
                seen += Double.isFinite(x.value().abs()) && Double.isFinite(y.value().abs()) ? 1 : 0;
            }
        }
        if (seen == 0 && mixed > 0) {
            return because(false, "one is real and one is not");
        }
        if (seen == 0 && isRational(a) && isRational(b) && !isInfinite(a) && !isInfinite(b)) {
            return because(false, "undefined");
        }
        Node left = atoms(a);
        Node right = atoms(b);
        boolean conclusive = left.equals(a) && right.equals(b);
        Optional<Boolean> same = seen > 0 ? rationalFunctions(left, right) : Optional.empty();
        if (same.isPresent() && (same.get() || conclusive)) {
            return because(same.get(), same.get() ? "the same rational expression" : "different rational expressions");
        }
        return symbolic(a, b);
    }

    private boolean because(boolean equal, String why) {
        reason = why;
        return equal;
    }

    private boolean decimals(Node a, Node b) {
        Complex x = Numeric.at(a, 0).value();
        Complex y = Numeric.at(b, 0).value();
        if (!Double.isFinite(x.abs()) || !Double.isFinite(y.abs())) {
            return symbolic(a, b);
        }
        boolean equal = close(x.re(), y.re()) && close(x.im(), y.im());
        return because(equal, equal ? "the same value to six decimals" : "the values differ");
    }

    private static boolean close(double x, double y) {
        double tiny = 1e-13; // what double precision may leave of a zero
        return Math.abs(x - y) < tiny
                || close(Rational.of(new java.math.BigDecimal(x)), Rational.of(new java.math.BigDecimal(y)));
    }

    static boolean close(Rational x, Rational y) {
        if (x.equals(y)) {
            return true;
        }
        Rational size = y.signum() < 0 ? y.negate() : y;
        if (size.minus(THOUSANDTH).signum() >= 0 || size.signum() == 0) {
            return rounded(x).equals(rounded(y));
        }
        Rational gap = x.minus(y);
        gap = gap.signum() < 0 ? gap.negate() : gap;
        return gap.times(Rational.of(2_000_000)).minus(size).signum() <= 0;
    }

    /** Millionths, half away from zero. */
    private static java.math.BigInteger rounded(Rational x) {
        Rational shifted = x.times(Rational.of(1_000_000)).plus(x.signum() < 0 ? HALF.negate() : HALF);
        return shifted.numerator().divide(shifted.denominator());
    }

    private static boolean isRational(Node node) {
        return atoms(node).equals(node);
    }

    /** The same with every part that is no rational operation, such as a root, taken for a variable. */
    private static Node atoms(Node node) {
        if (node instanceof Call call && RATIONAL.contains(call.op()) && (!call.op().equals("^")
                || Exact.of(call.args().get(1)).filter(Rational::isInteger).isPresent())) {
            return new Call(call.op(), call.args().stream().map(ValueComparison::atoms).toList());
        } else if (node instanceof Num || node instanceof Sym sym && (!Numeric.CONSTANTS.contains(sym.name()) || sym.name().equals("pi"))) {
            return node;
        }
        return new Sym("'" + node.canonical());
    }

    /** Two rational functions that agree exactly at such points are the same, but for a chance below one in a million. */
    private static Optional<Boolean> rationalFunctions(Node a, Node b) {
        for (int point = 11; point < 14; point++) {
            int at = point;
            Function<String, Rational> place = name -> Numeric.coordinate(name, at).plus(Rational.of(at * 7919L + name.hashCode()));
            Optional<Rational> x = Exact.of(a, place);
            Optional<Rational> y = Exact.of(b, place);
            if (x.isEmpty() || y.isEmpty()) {
                return Optional.empty();
            } else if (!x.equals(y)) {
                return Optional.of(false);
            }
        }
        return Optional.of(true);
    }

    private boolean symbolic(Node a, Node b) {
        if (isInfinite(a) || isInfinite(b)) {
            return infinite(a, b);
        }
        SymjaText text = new SymjaText();
        if (a.canonical().equals(b.canonical())) {
            return because(true, "the same but for the order of terms");
        }
        Optional<String> left = text.of(a);
        Optional<String> right = text.of(b);
        if (left.isEmpty() || right.isEmpty()) {
            return because(false, "the expressions differ");
        }
        Algebra.Reply reply = algebra.compare(left.get(), right.get(), text.variables());
        if (reply.decision() == Algebra.Decision.UNDECIDED) {
            undecided = reply.reason();
            failed |= reply.failed();
        }
        return because(reply.decision() == Algebra.Decision.EQUAL, reply.reason());
    }

    /** Infinity equals itself; what is too large for a double is not computed. */
    private boolean infinite(Node a, Node b) {
        boolean left = isInfinity(a);
        boolean right = isInfinity(b);
        if (!left && !right) {
            undecided = "numbers too large to compute";
        }
        return because(left && right && Math.signum(Numeric.constant(a)) == Math.signum(Numeric.constant(b)),
                left && right ? "infinity" : "too large to compute");
    }

    private static boolean isInfinite(Node node) {
        return Double.isInfinite(Numeric.at(node, 0).value().abs());
    }

    private static boolean isInfinity(Node node) {
        return node.any(part -> part.equals(new Sym("oo")));
    }
}
