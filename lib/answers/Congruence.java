package answers;

/** Classes of numbers: {@code x \equiv 3 \pmod 5}, read as {@code modulo} of what is said and the modulus. */
final class Congruence {

    private Congruence() {}

    /**
     * Whether two are of the same class: {@code x = 3} and {@code x = 8} modulo 5. A class is not its number, but 3 may be said for it.
     *
     * @param parts compares what is said
     */
    static boolean same(Equivalence parts, Node gold, Node answer) {
        if (!gold.is("modulo")) {
            return false;
        }
        Node said = gold.parts().get(0);
        Node modulus = gold.parts().get(1);
        if (!answer.is("modulo")) {
            return parts.equal(said, answer);
        }
        Node other = answer.parts().get(0);
        Node gap = Node.call("+", Equivalence.value(said), Node.call("neg", Equivalence.value(other)));
        return parts.equal(modulus, answer.parts().get(1))
                && (parts.equal(said, other) || Exact.of(Node.call("/", gap, modulus)).filter(Rational::isInteger).isPresent());
    }
}
