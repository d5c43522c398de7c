package answers;

/** A complex number in double precision; NaN where a function is not defined. */
record Complex(double re, double im) {

    static final Complex NAN = new Complex(Double.NaN, 0);
    static final Complex ONE = new Complex(1, 0);
    static final Complex I = new Complex(0, 1);

    static Complex of(double value) {
        return new Complex(value, 0);
    }

    Complex plus(Complex o) {
        return new Complex(re + o.re, im + o.im);
    }

    Complex minus(Complex o) {
        return new Complex(re - o.re, im - o.im);
    }

    Complex times(Complex o) {
        return isReal() && o.isReal() ? of(re * o.re) : new Complex(re * o.re - im * o.im, re * o.im + im * o.re);
    }

    Complex over(Complex o) {
        if (o.isReal()) {
            return new Complex(re / o.re, im == 0 ? 0 : im / o.re);
        }
        double norm = o.re * o.re + o.im * o.im;
        return new Complex((re * o.re + im * o.im) / norm, (im * o.re - re * o.im) / norm);
    }

    Complex negate() {
        return new Complex(-re, im == 0 ? 0 : -im);
    }

    double abs() {
        return Math.hypot(re, im);
    }

    boolean isReal() {
        return im == 0;
    }

    boolean isNaN() {
        return Double.isNaN(re) || Double.isNaN(im);
    }

    Complex log() {
        return isReal() && re > 0 ? of(Math.log(re)) : new Complex(Math.log(abs()), Math.atan2(im, re));
    }

    Complex exp() {
        return isReal() ? of(Math.exp(re)) : new Complex(Math.exp(re) * Math.cos(im), Math.exp(re) * Math.sin(im));
    }

    Complex sqrt() {
        return isReal() ? re >= 0 ? of(Math.sqrt(re)) : new Complex(0, Math.sqrt(-re)) : pow(of(0.5));
    }

    Complex pow(Complex o) {
        if (isReal() && o.isReal()) {
            double power = Math.pow(re, o.re);
            if (re >= 0 || o.re == Math.rint(o.re)) {
                return of(power);
            }
        }
        return abs() == 0 ? of(0) : o.times(log()).exp();
    }

    Complex sin() {
        return isReal() ? of(Math.sin(re)) : new Complex(Math.sin(re) * Math.cosh(im), Math.cos(re) * Math.sinh(im));
    }

    Complex cos() {
        return isReal() ? of(Math.cos(re)) : new Complex(Math.cos(re) * Math.cosh(im), -Math.sin(re) * Math.sinh(im));
    }
}
