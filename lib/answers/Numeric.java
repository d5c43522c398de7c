package answers;

import answers.Node.Call;
import answers.Node.Num;
import answers.Node.Sym;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Value of an expression at a point in double precision, in bounded time. */
final class Numeric {

    static final Set<String> CONSTANTS = Set.of("pi", "e", "i", "oo", "Reals", "Integers", "Empty", "...", "");

    private static final int MAX_STEPS = 200_000;

    private final Map<String, Complex> bound = new HashMap<>();
    private final int point;
    private int steps;
    private double peak;

    private Numeric(int point) {
        this.point = point;
    }

    /**
     * A value.
     *
     * @param value NaN where undefined, infinite where too large
     * @param peak the largest magnitude on the way, which bounds what rounding may have done
     */
    record Value(Complex value, double peak) {

        /** Whether it surely differs from another value. */
        boolean differsFrom(Value other) {
            if (value.isNaN() || other.value.isNaN()) {
                return false;
            }
            double scale = Math.max(value.abs(), other.value.abs());
            double gap = value.minus(other.value).abs();
            if (Double.isInfinite(scale)) { // one of them is 1e308 or more
                return Math.min(value.abs(), other.value.abs()) < 1e300 || Math.signum(value.re()) != Math.signum(other.value.re());
            }
            return gap > 1e-7 * scale && gap > 1e-11 * Math.max(peak, other.peak);
        }
    }

    /** The value at one of the points, which are numbered: variables are positive at 0 to 2, and of either sign from 3 on. */
    static Value at(Node node, int point) {
        Numeric numeric = new Numeric(point);
        Complex value = numeric.value(node);
        return new Value(value, numeric.peak);
    }

    /** The value of a real constant; NaN if it is none. */
    static double constant(Node node) {
        if (!node.variables().isEmpty()) {
            return Double.NaN;
        }
        Complex value = at(node, 0).value;
        return Math.abs(value.im()) <= 1e-12 * Math.abs(value.re()) ? value.re() : Double.NaN;
    }

    /** Where a variable stands at a point: a fraction that depends on nothing but its name and the point. */
    static Rational coordinate(String name, int point) {
        long hash = (name.hashCode() * 0x9E3779B97F4A7C15L + point * 0xD1B54A32D192ED03L) ^ 0x5851F42D4C957F2DL;
        hash = (hash ^ hash >>> 31) * 0x94D049BB133111EBL;
        long numerator = 300 + (hash >>> 33) % 1700 + (point == 2 || point == 4 ? 3000 : 0);
        return new Rational(java.math.BigInteger.valueOf(point >= 3 && (hash & 1) == 0 ? -numerator : numerator),
                java.math.BigInteger.valueOf(1009));
    }

    private Complex value(Node node) {
        if (++steps > MAX_STEPS) {
            return Complex.NAN;
        }
        Complex value = node instanceof Num num ? Complex.of(num.value().toDouble())
                : node instanceof Sym sym ? symbol(sym.name()) : node instanceof Call call ? call(call) : Complex.NAN;
        if (!Double.isInfinite(value.re()) && value.abs() > peak) {
            peak = value.abs();
        }
        return value;
    }

    private Complex symbol(String name) {
        Complex value = bound.get(name);
        return value != null ? value : switch (name) {
            case "pi" -> Complex.of(Math.PI);
            case "e" -> Complex.of(Math.E);
            case "i" -> Complex.I;
            case "oo" -> Complex.of(Double.POSITIVE_INFINITY);
            default -> CONSTANTS.contains(name) ? Complex.NAN : Complex.of(coordinate(name, point).toDouble());
        };
    }

    private Complex call(Call call) {
        List<Node> args = call.args();
        if (call.op().equals("sum") || call.op().equals("prod")) {
            return series(call);
        } else if (call.op().equals("apply") || call.op().equals("index")) {
            return unknown(args);
        } else if (args.isEmpty() || call.op().equals("int")) {
            return Complex.NAN;
        }
        Complex x = value(args.get(0));
        Complex y = args.size() > 1 ? value(args.get(1)) : Complex.ONE;
        return switch (call.op()) {
            case "+" -> x.plus(y);
            case "*" -> x.times(y);
            case "/", "ratio" -> x.over(y);
            case "^" -> power(x, y, args.get(1));
            case "neg" -> x.negate();
            case "sqrt" -> x.sqrt();
            case "root" -> x.isReal() && x.re() < 0 && y.isReal() && Math.abs(y.re() % 2) == 1
                    ? Complex.of(-Math.pow(-x.re(), 1 / y.re())) : x.pow(Complex.ONE.over(y));
            case "percent" -> x.over(Complex.of(100));
            case "degree" -> x.times(Complex.of(Math.PI / 180));
            case "abs" -> Complex.of(x.abs());
            case "!" -> factorial(x);
            case "binom" -> binomial(x, y);
            case "max", "min" -> extreme(call);
            case "logb" -> x.log().over(y.log());
            default -> function(call.op(), x);
        };
    }

    private static Complex power(Complex x, Complex y, Node exponent) {
        return x.isReal() && Double.isInfinite(x.re()) && exponent instanceof Num num && num.value().signum() == 0 ? Complex.NAN : x.pow(y);
    }

    private Complex function(String name, Complex x) {
        return switch (name) {
            case "sin" -> x.sin();
            case "cos" -> x.cos();
            case "tan" -> x.sin().over(x.cos());
            case "cot" -> x.cos().over(x.sin());
            case "sec" -> Complex.ONE.over(x.cos());
            case "csc" -> Complex.ONE.over(x.sin());
            case "exp" -> x.exp();
            case "ln", "log" -> x.log();
            case "lg" -> x.log().over(Complex.of(Math.log(10)));
            case "Re" -> Complex.of(x.re());
            case "Im" -> Complex.of(x.im());
            default -> x.isReal() ? Complex.of(real(name, x.re())) : Complex.NAN;
        };
    }

    private static double real(String name, double x) {
        return switch (name) {
            case "arcsin" -> Math.asin(x);
            case "arccos" -> Math.acos(x);
            case "arctan" -> Math.atan(x);
            case "sinh" -> Math.sinh(x);
            case "cosh" -> Math.cosh(x);
            case "tanh" -> Math.tanh(x);
            case "floor" -> Math.floor(x);
            case "ceil" -> Math.ceil(x);
            default -> Double.NaN;
        };
    }

    private static Complex factorial(Complex x) {
        if (!x.isReal() || x.re() < 0 || x.re() != Math.rint(x.re())) {
            return Complex.NAN;
        }
        double product = 1;
        for (int k = 2; k <= x.re() && product < Double.POSITIVE_INFINITY; k++) {
            product *= k;
        }
        return Complex.of(product);
    }

    private static Complex binomial(Complex n, Complex k) {
        if (!n.isReal() || !k.isReal() || k.re() != Math.rint(k.re()) || k.re() < 0) {
            return Complex.NAN;
        }
        double small = n.re() == Math.rint(n.re()) && n.re() >= k.re() ? Math.min(k.re(), n.re() - k.re()) : k.re();
        double product = 1;
        for (int i = 1; i <= small && Math.abs(product) < Double.POSITIVE_INFINITY && i < 5000; i++) {
            product *= (n.re() - small + i) / i;
        }
        return small < 5000 || Double.isInfinite(product) ? Complex.of(product) : Complex.NAN;
    }

    private Complex extreme(Call call) {
        double best = Double.NaN;
        for (Node arg : call.args()) {
            double x = value(arg).re();
            best = Double.isNaN(best) || (call.op().equals("max") ? x > best : x < best) ? x : best;
        }
        return Complex.of(best);
    }

    private Complex series(Call call) {
        if (!(call.args().get(0) instanceof Sym variable)) {
            return Complex.NAN;
        }
        Complex low = value(call.args().get(1));
        Complex high = value(call.args().get(2));
        boolean sum = call.op().equals("sum");
        Complex total = Complex.of(sum ? 0 : 1);
        Complex before = bound.get(variable.name());
        boolean whole = low.isReal() && high.isReal() && low.re() == Math.rint(low.re()) && high.re() == Math.rint(high.re());
        if (whole && high.re() - low.re() > 1e5) {
            return Complex.NAN; // also a series without end
        }
        if (!whole) { // to a symbolic bound: what matters is that the same series gives the same number
            bound.put(variable.name(), Complex.of(coordinate("series", point).toDouble()));
            total = low.times(Complex.of(1.7)).plus(high.times(Complex.of(2.3))).plus(value(call.args().get(3)).times(Complex.of(3.1)));
        }
        for (double k = low.re(); whole && k <= high.re(); k++) {
            bound.put(variable.name(), Complex.of(k));
            Complex term = value(call.args().get(3));
            total = sum ? total.plus(term) : total.times(term);
            if (steps > MAX_STEPS) {
                return Complex.NAN;
            }
        }
        bound.remove(variable.name());
        if (before != null) {
            bound.put(variable.name(), before);
        }
        return total;
    }

    /** An unknown function stands for some smooth function of its arguments. */
    private Complex unknown(List<Node> args) {
        Complex inner = Complex.of(coordinate(args.get(0).canonical(), point).toDouble());
        for (int i = 1; i < args.size(); i++) {
            inner = inner.plus(value(args.get(i)).times(Complex.of(1.3 + 0.4 * i)));
        }
        return inner.sin().plus(Complex.of(3));
    }
}
