package answers;

import java.math.BigDecimal;
import java.math.BigInteger;

/** An exact fraction in lowest terms with a positive denominator. */
record Rational(BigInteger numerator, BigInteger denominator) {

    static final Rational ZERO = of(0);
    static final Rational ONE = of(1);

    /** Longest numerator or denominator, in bits: that of 1/2004! is 19 153. */
    private static final int MAX_BITS = 32_768;

    Rational {
        if (denominator.signum() == 0) {
            throw new ArithmeticException("division by zero");
        }
        if (numerator.bitLength() > MAX_BITS || denominator.bitLength() > MAX_BITS) {
            throw new ArithmeticException("number too large");
        }
        BigInteger common = numerator.gcd(denominator);
        if (denominator.signum() < 0) {
            common = common.negate();
        }
        if (!common.equals(BigInteger.ONE)) {
            numerator = numerator.divide(common);
            denominator = denominator.divide(common);
        }
    }

    static Rational of(long value) {
        return new Rational(BigInteger.valueOf(value), BigInteger.ONE);
    }

    static Rational of(BigDecimal value) {
        if (Math.abs((long) value.scale()) > MAX_BITS / 4) {
            throw new ArithmeticException("number too large");
        }
        return value.scale() <= 0 ? new Rational(value.toBigIntegerExact(), BigInteger.ONE)
                : new Rational(value.unscaledValue(), BigInteger.TEN.pow(value.scale()));
    }

    Rational plus(Rational other) {
        return new Rational(numerator.multiply(other.denominator).add(other.numerator.multiply(denominator)),
                denominator.multiply(other.denominator));
    }

    Rational minus(Rational other) {
        return plus(other.negate());
    }

    Rational negate() {
        return new Rational(numerator.negate(), denominator);
    }

    Rational times(Rational other) {
        return new Rational(numerator.multiply(other.numerator), denominator.multiply(other.denominator));
    }

    Rational over(Rational other) {
        return new Rational(numerator.multiply(other.denominator), denominator.multiply(other.numerator));
    }

    /** @throws ArithmeticException before computing it, if the power would be too large */
    Rational pow(Rational exponent) {
        if (!exponent.isInteger() || exponent.numerator.bitLength() > 31) {
            throw new ArithmeticException("no exact power");
        }
        int n = exponent.numerator.intValueExact();
        long bits = Math.max(numerator.bitLength(), denominator.bitLength());
        boolean unit = numerator.abs().bitLength() <= 1 && denominator.bitLength() <= 1;
        if (!unit && bits * Math.abs((long) n) > MAX_BITS) {
            throw new ArithmeticException("number too large");
        }
        if (unit) {
            n = n == 0 ? 0 : n < 0 ? -2 + (n & 1) : 2 - (n & 1);
        }
        return n >= 0 ? new Rational(numerator.pow(n), denominator.pow(n))
                : new Rational(denominator.pow(-n), numerator.pow(-n));
    }

    boolean isInteger() {
        return denominator.equals(BigInteger.ONE);
    }

    int signum() {
        return numerator.signum();
    }

    double toDouble() {
        return new BigDecimal(numerator).divide(new BigDecimal(denominator), java.math.MathContext.DECIMAL64).doubleValue();
    }

    /** {@code 3} or {@code 3/4}. */
    @Override
    public String toString() {
        return isInteger() ? numerator.toString() : numerator + "/" + denominator;
    }
}
