package answers;

import answers.Node.Call;
import answers.Node.Num;
import answers.Node.Sym;
import java.util.Optional;
import java.util.function.Function;

/** Exact value of an expression of rational operations, with the work bounded before it is done. */
final class Exact {

    /** Work in products of 32-bit words; about a tenth of a second. */
    private static final long BUDGET = 20_000_000;

    private final Function<String, Rational> variables;
    private long spent;

    private Exact(Function<String, Rational> variables) {
        this.variables = variables;
    }

    /** Returns the value of a constant; empty if it is not a rational expression, is undefined, or takes too much work. */
    static Optional<Rational> of(Node node) {
        return of(node, name -> null);
    }

    /** The value at a point. */
    static Optional<Rational> of(Node node, Function<String, Rational> variables) {
        try {
            return Optional.ofNullable(new Exact(variables).value(node));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    private Rational value(Node node) {
        if (node instanceof Num num) {
            return num.value();
        } else if (node instanceof Sym sym) {
            return variables.apply(sym.name());
        } else if (!(node instanceof Call call) || call.args().isEmpty() || call.args().size() > 2) {
            return null;
        } else {
            Rational a = value(call.args().get(0));
            Rational b = call.args().size() > 1 ? value(call.args().get(1)) : Rational.ZERO;
            return a == null || b == null ? null : apply(call.op(), a, b);
        }
    }

    private Rational apply(String op, Rational a, Rational b) {
        Rational result = switch (op) {
            case "+" -> a.plus(b);
            case "*" -> a.times(b);
            case "/" -> a.over(b);
            case "neg" -> a.negate();
            case "^" -> a.pow(b);
            case "abs" -> a.signum() < 0 ? a.negate() : a;
            case "percent" -> a.over(Rational.of(100));
            case "!" -> factorial(a);
            case "binom" -> binomial(a, b);
            case "sqrt" -> root(a);
            default -> null;
        };
        if (result != null) {
            long words = (result.numerator().bitLength() + result.denominator().bitLength()) / 32 + 1;
            spent += words * words;
            if (spent > BUDGET) {
                throw new ArithmeticException("too much work");
            }
        }
        return result;
    }

    private static Rational root(Rational a) {
        if (a.signum() < 0 || a.numerator().bitLength() > 2000 || a.denominator().bitLength() > 2000) {
            return null;
        }
        Rational root = new Rational(a.numerator().sqrt(), a.denominator().sqrt());
        return root.times(root).equals(a) ? root : null;
    }

    private static Rational factorial(Rational a) {
        if (!a.isInteger() || a.signum() < 0 || a.numerator().bitLength() > 12) {
            throw new ArithmeticException("no exact factorial");
        }
        Rational product = Rational.ONE;
        for (int k = 2; k <= a.numerator().intValueExact(); k++) {
            product = product.times(Rational.of(k));
        }
        return product;
    }

    private static Rational binomial(Rational n, Rational k) {
        if (!n.isInteger() || !k.isInteger() || k.signum() < 0 || n.signum() < 0 || n.numerator().bitLength() > 24) {
            throw new ArithmeticException("no exact binomial");
        }
        if (k.numerator().compareTo(n.numerator()) > 0) {
            return Rational.ZERO;
        }
        long top = n.numerator().longValueExact();
        long bottom = Math.min(k.numerator().longValueExact(), top - k.numerator().longValueExact());
        if (bottom > 3000) {
            throw new ArithmeticException("number too large");
        }
        Rational product = Rational.ONE;
        for (long i = 1; i <= bottom; i++) {
            product = product.times(Rational.of(top - bottom + i)).over(Rational.of(i));
        }
        return product;
    }
}
