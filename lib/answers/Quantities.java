package answers;

import answers.LatexLexer.Token;
import answers.LatexLexer.Type;
import answers.LatexLexer.Unreadable;
import answers.Node.Num;
import answers.Node.Text;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What stands behind a value: words of scale, which multiply it; units, which are dropped with their powers and quotients; and
 * directions, which are kept as {@code directed} with the value and the directions of {@link Units}. Anything else is unreadable.
 */
final class Quantities {

    private static final Set<String> ORDINAL_ENDS = Set.of("st", "nd", "rd", "th");
    private static final String LETTER_WORDS = Vocabulary.LETTER_UNITS + "a";

    private final Parser in;

    Quantities(Parser in) {
        this.in = in;
    }

    /** The words of a text in lower case, hyphens taken apart. */
    static List<String> words(String text) {
        String bare = text.toLowerCase(Locale.ROOT).replaceAll("[-\\s]+", " ").replaceAll("[,;:()]|\\.(?=\\s|$)", "").strip();
        return bare.isEmpty() ? List.of() : List.of(bare.split(" +"));
    }

    /** A value with the words that were already read behind it, and those that follow. */
    Node behind(Node value, List<String> said) {
        if (said.isEmpty() && in.peek().type() != Type.TEXT) {
            return value;
        } else if (Vocabulary.QUANTIFIERS.contains(in.peek().text())
                && in.tokens.subList(in.at, in.tokens.size()).stream().noneMatch(t -> t.is(","))) {
            in.at = in.tokens.size() - 1;
            return value;
        }
        List<String> words = new ArrayList<>(said);
        while (continues()) {
            if (in.is("^")) {
                exponent();
            } else if (in.is("(")) {
                words.addAll(parenthesis());
            } else {
                Token token = in.tokens.get(in.at++);
                words.addAll(token.type() == Type.TEXT ? words(token.text()) : List.of());
            }
        }
        if (in.peek().type() == Type.COMMAND || in.peek().type() == Type.NUMBER) {
            throw new Unreadable("more behind the unit");
        }
        return meaning(value, words);
    }

    private boolean continues() {
        Token token = in.peek();
        return token.type() == Type.TEXT || in.is("^") || in.is("/") || in.is("*") || in.is("(")
                || in.is("-") && in.tokens.get(in.at + 1).type() == Type.TEXT
                || token.type() == Type.NAME && token.text().length() == 1 && LETTER_WORDS.contains(token.text());
    }

    private void exponent() {
        in.at++;
        if (in.is("{")) {
            while (!in.accept("}")) {
                if (in.peek().type() != Type.NUMBER && !in.is("{") && !in.is("-") && !in.is("circ")) {
                    throw new Unreadable("no power of a unit");
                }
                in.at++;
            }
        } else {
            in.accept("-");
            if (in.peek().type() != Type.NUMBER) {
                throw new Unreadable("no power of a unit");
            }
            in.at++;
        }
    }

    /** A unit in parentheses: {@code (units)}, {@code kg/(m s)}. */
    private List<String> parenthesis() {
        List<String> words = new ArrayList<>();
        in.at++;
        while (!in.accept(")")) {
            Token token = in.peek();
            if (in.is("^")) {
                exponent();
            } else if (token.type() == Type.TEXT || token.type() == Type.NAME || in.is("/") || in.is("*")) {
                words.addAll(token.type() == Type.TEXT ? words(token.text()) : List.of());
                in.at++;
            } else {
                throw new Unreadable("more than a unit in parentheses");
            }
        }
        return words;
    }

    private static Node meaning(Node value, List<String> words) {
        int at = 0;
        Node node = value;
        while (at < words.size()) {
            String word = words.get(at);
            Optional<Rational> scale = NumberWords.scale(word);
            Optional<NumberWords.Found> more = at == 0 && word.equals("and") ? NumberWords.read(words.subList(1, words.size()), false)
                    : Optional.empty();
            if (scale.isPresent()) {
                node = scaled(node, scale.get());
            } else if (at == 0 && isPart(value, word)) {
                node = scaled(node, Rational.ONE.over(NumberWords.part(word).orElseThrow()));
            } else if (more.isPresent() && !more.get().value().isInteger() && node instanceof Num num) {
                node = new Num(num.value().plus(more.get().value()), false);
                at += more.get().words();
            } else if (word.equals("oclock") && at == 0 && node instanceof Num) {
                node = Node.call("time", node, Node.integer(0));
            } else if (word.equals("squared") || word.equals("cubed")) {
                node = Node.call("^", node, Node.integer(word.equals("squared") ? 2 : 3));
            } else if (!(at == 0 && ORDINAL_ENDS.contains(word))) {
                break;
            }
            at++;
        }
        return directed(node, words.subList(at, words.size()));
    }

    /** Thirds divide, in lowest terms; three quarters too, but five quarters are coins; any number of hundredths. */
    private static boolean isPart(Node value, String word) {
        Rational part = NumberWords.part(word).orElse(null);
        return part != null && value instanceof Num num && num.value().isInteger()
                && (!word.startsWith("quarter") || num.value().minus(Rational.of(4)).signum() < 0)
                && (part.numerator().mod(BigInteger.TEN).signum() == 0
                        || num.value().numerator().gcd(part.numerator()).equals(BigInteger.ONE));
    }

    private static Node scaled(Node node, Rational factor) {
        return node instanceof Num num ? new Num(num.value().times(factor), false) : Node.call("*", node, new Num(factor, false));
    }

    private static Node directed(Node value, List<String> words) {
        List<String> units = new ArrayList<>(words.stream().flatMap(word -> Stream.of(word.split("/"))).toList()); // am/pm
        Set<String> directions = new LinkedHashSet<>();
        for (int i = 0; i < units.size(); i++) {
            String word = units.get(i).equals("noon") ? "pm" : units.get(i).equals("midnight") ? "am" : units.get(i).replace(".", "");
            String direction = Units.direction(word);
            if (direction != null) {
                directions.add(direction);
                if (direction.startsWith("height") && i + 1 < units.size() && units.get(i + 1).equals("zero")) {
                    units.remove(i + 1);
                }
            }
        }
        boolean contradictory = directions.stream().anyMatch(a -> directions.stream().anyMatch(b -> Units.contradict(a, b)));
        if (contradictory || !Units.areUnits(units)) {
            throw new Unreadable("words behind the value that are no unit");
        }
        Node node = value;
        for (String direction : directions) {
            node = Node.call("directed", node, new Text(direction));
        }
        return node;
    }
}
