package answers;

import answers.LatexLexer.Type;
import answers.LatexLexer.Unreadable;
import answers.Node.Num;
import answers.Node.Sym;
import answers.Node.Text;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Words before a value, or that are all there is: a number in words, a set, a text. */
final class Words {

    private static final Pattern NAMED = Pattern.compile("\\s\\p{Lu}");

    private final Parser in;

    Words(Parser in) {
        this.in = in;
    }

    Node read() {
        StringBuilder words = new StringBuilder();
        while (in.peek().type() == Type.TEXT || in.peek().type() == Type.NAME && (!words.isEmpty() || in.peek().text().equals("a"))) {
            words.append(words.isEmpty() || !in.peek().spaced() ? "" : " ").append(in.tokens.get(in.at++).text());
        }
        List<String> said = Quantities.words(words.toString());
        int from = 0;
        while (from < said.size() && Vocabulary.NEUTRAL.contains(said.get(from))) {
            from++;
        }
        Node number = number(words.toString(), said.subList(from, said.size()));
        if (number != null) {
            return in.accept("%") ? Node.call("percent", number) : number;
        } else if (in.isWhole() && said.size() == 1 && Vocabulary.TIMES.containsKey(said.get(0))) {
            return Node.call("directed", Node.call("time", Node.integer(12), Node.integer(0)), new Text(Vocabulary.TIMES.get(said.get(0))));
        } else if (in.isWhole()) {
            String known = Vocabulary.SETS.get(String.join(" ", said));
            return known == null ? new Text(words.toString()) : new Sym(known);
        } else if (from == said.size() - 1 && "era 1".equals(Units.direction(said.get(from)))) {
            return Node.call("directed", in.ratio(), new Text("era 1")); // AD 300
        } else if (from < said.size()) {
            throw new Unreadable("words that may change the meaning: at least, not");
        }
        return in.ratio();
    }

    /** The number that a text is in words: "seven". */
    static Optional<Node> number(String text) {
        List<String> said = Quantities.words(text);
        return NumberWords.read(said).filter(found -> found.words() == said.size()).map(found -> new Num(found.value(), false));
    }

    /** A number in words with its unit; null if it is none. A capital letter behind it is a name: "Two Rivers". */
    private Node number(String words, List<String> said) {
        boolean negative = !said.isEmpty() && (said.get(0).equals("minus") || said.get(0).equals("negative"));
        List<String> rest = said.subList(negative ? 1 : 0, said.size());
        NumberWords.Found found = NumberWords.read(rest).orElse(null);
        if (found == null || found.words() < rest.size() && NAMED.matcher(words).find()) {
            return null;
        }
        Num value = new Num(negative ? found.value().negate() : found.value(), false);
        return new Quantities(in).behind(value, rest.subList(found.words(), rest.size()));
    }
}
