package answers;

import answers.Node.Sequence;
import answers.Node.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A statement of the answer in words: "the answer is", "Answer:", "option C is correct", and the like in other languages.
 *
 * @param start where its words begin
 * @param said where what it says begins
 * @param isFinal whether it calls itself final
 * @param answer what it says
 */
record Statement(int start, int said, boolean isFinal, Extract answer) {

    private static final int WINDOW = 2000;
    private static final int MOST = 30;
    private static final Pattern ANCHOR = Pattern.compile("(?:(?<final>final )?(?:answers?|ans|(?:correct|right|best) (?:option"
            + "|choice))\\*{0,2}+"
            + "(?:\\s++(?:to|of|for)\\s[^.\\n]{1,100}?)?\\s*+(?:is|are|=|:|\\*\\*:?)(?:\\s++(?:is|are)\\b)?"
            + "|(?:答案|答え|答)(?:应该|應該)?(?:是|为|為|は|:)|故选|应选|选择|(?:respuesta|réponse|risposta|resposta|antwort|ответ)\\*{0,2}\\s?(?:es|est|è|"
            + "é|ist|:))[\\s:*\"`}]*+",
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    private static final Pattern CHOSEN = Pattern.compile("(?<![\\w'])[(\\[*]{0,3}([A-J])[)\\]*]{0,3}\\s+is\\s+(?:the\\s+)?(?:correct"
            + "|right|best)\\b"
            + "|\\b(?:[Cc]hoose|pick|select|go with) (?:option |choice |answer )?[(\\[*]{0,3}([A-J])\\b(?!')"
            + "|(?:\\A|\\n|正确|答案|故|所以|因此)的?[是为:]?选项?\\s?\\(?([A-J])\\)?(?![A-Za-z错不和与或、])|选项\\s?\\(?([A-J])\\)?(?:是对|是?正确)");
    private static final Pattern VERB = Pattern.compile("(?<!which|this|that|it|,)\\s(?:is|are)(?:\\s|:|$)");
    private static final Pattern REASON = Pattern.compile(
            ",? (?:because|since|as|which|not|so|where|when|rather|instead|see|written)\\b|,\\s+i\\.e\\.|,? \\((?=[a-z]{2})");
    private static final Pattern DENIED = Pattern
            .compile("(?:not|n't|cannot|never|anything but|at (?:least|most)|(?:more|less|greater|fewer|smaller"
                    + "|larger|other) than|above|below|over|under|up to|between)\\b");
    private static final Pattern WORKED = Pattern.compile("([-−]?[\\d.,/]+) \\(([^()]{1,60})\\)");
    private static final Pattern BUT = Pattern.compile("\\A(?:not|n't)\\b[^.\\n]{0,60}?,? but (?:rather |instead |actually )?");
    private static final Pattern DIGIT_OR_FORMULA = Pattern.compile("[\\d$\\\\]");
    private static final Pattern VALUE = Pattern.compile("[\\d$\\\\]|\\A.{1,3}\\z");
    private static final Pattern VALUE_FIRST = Pattern.compile("[-−+(]?\\s?[\\d\\\\]|\\$[^$]*\\d[^$]*\\$");

    /** A text without words that announce an answer in front of it: "Antwort: 5" is 5. */
    static String withoutLead(String text) {
        Matcher anchor = ANCHOR.matcher(text);
        return anchor.lookingAt() ? text.substring(anchor.end()).strip() : text;
    }

    /** The last statement from a place on; empty if there is none. */
    static Optional<Statement> last(String text, int from) {
        List<Statement> places = places(text, from);
        return places.isEmpty() ? Optional.empty() : Optional.of(places.get(places.size() - 1).filled(text));
    }

    /** The last thirty statements of a text, in order. */
    static List<Statement> all(String text) {
        List<Statement> places = places(text, 0);
        return places.subList(Math.max(0, places.size() - MOST), places.size()).stream().map(place -> place.filled(text)).toList();
    }

    /** Where statements are; what most say is not read yet. */
    private static List<Statement> places(String text, int from) {
        List<Statement> found = new ArrayList<>();
        Matcher anchor = ANCHOR.matcher(text).region(from, text.length());
        while (anchor.find()) {
            if (!text.substring(anchor.end(), Math.min(text.length(), anchor.end() + WINDOW)).isBlank()) {
                found.add(new Statement(anchor.start(), anchor.end(), anchor.group("final") != null, null));
            }
        }
        Matcher chosen = CHOSEN.matcher(text).region(Math.max(from, text.length() - WINDOW), text.length());
        while (chosen.find()) {
            if (found.isEmpty() || chosen.start() > found.get(found.size() - 1).start) {
                String letter = IntStream.rangeClosed(1, 4).mapToObj(chosen::group).filter(Objects::nonNull).findFirst().orElseThrow();
                found.add(new Statement(chosen.start(), chosen.start(), false, new Extract(letter, "the answer is", true)));
            }
        }
        return found;
    }

    private Statement filled(String text) {
        String rest = text.substring(said, Math.min(text.length(), said + WINDOW)).strip();
        boolean bullet = said > 0 && text.charAt(said - 1) == '\n' && rest.matches("(?s)[-*•]\\s+\\S.*");
        return answer != null ? this : new Statement(start, said, isFinal,
                read(bullet ? rest.substring(1).strip() : rest, isFinal ? "final answer" : "the answer is"));
    }

    /** Whether it is the last line of a text and says a value or a letter, so that it decides even behind a box. */
    boolean isLastLine(String text) {
        int line = text.lastIndexOf('\n', start) + 1;
        return text.substring(line, start).matches("[\\s*#>_-]*") && text.indexOf('\n', start) < 0
                && (Choice.of(answer.text()).isPresent() || VALUE.matcher(answer.text()).find()
                        && !(Parser.parse(answer.text()) instanceof Text));
    }

    /** The first formula of a statement, or its first sentence. */
    private static Extract read(String rest, String how) {
        Matcher but = BUT.matcher(rest);
        if (but.lookingAt()) {
            return read(rest.substring(but.end()), how); // not 5 but 7
        }
        int sentence = sentenceEnd(rest);
        Matcher verb = VERB.matcher(rest).region(0, sentence);
        while (!VALUE_FIRST.matcher(rest).lookingAt() && verb.find()) { // Final Answer: The largest $n$ is 34.
            if (DIGIT_OR_FORMULA.matcher(rest.substring(verb.end(), sentence)).find()) {
                return read(rest.substring(verb.end()), how);
            }
        }
        List<int[]> formulas = Formulas.in(rest);
        String lead = formulas.isEmpty() ? "" : rest.substring(0, formulas.get(0)[0]);
        boolean labelled = Choice.of(rest.substring(0, sentence)).isPresent();
        if (!formulas.isEmpty() && formulas.get(0)[0] <= sentence && !lead.matches("(?s).*\\d.*") && !labelled) {
            int end = Formulas.chained(rest, formulas, 0);
            return new Extract(rest.substring(formulas.get(0)[0], Formulas.withPercent(rest, end)), how, false);
        }
        String words = rest.substring(0, sentence).replaceAll("(?<![\\w)])\\*\\*|\\*\\*(?![\\w(])|__|</?[a-z]{1,6}>",
                "").replaceAll("^[\"'`*_]+|[\"'`*.!_]+$", "").strip();
        words = REASON.split(words, 2)[0].strip();
        Matcher worked = WORKED.matcher(words);
        if (worked.matches() && Exact.of(Parser.parse(worked.group(1))).isPresent()
                && Exact.of(Parser.parse(worked.group(1))).equals(Exact.of(Parser.parse(worked.group(2))))) {
            words = worked.group(1); // 12 (5 + 7)
        }
        if (isProse(Parser.parse(words)) && Compound.values(words).isEmpty() && Dates.plain(words).equals(words)
                && words.length() > 3 && Choice.of(words).isEmpty() && !DENIED.matcher(words).lookingAt()) {
            Matcher number = Formulas.NUMBER.matcher(words);
            if (number.find()) {
                return new Extract(number.group(), how, true);
            }
        }
        return new Extract(words, how, !words.contains("\\"));
    }

    /** Words, or words beside values: 12 apples and nothing else. */
    private static boolean isProse(Node node) {
        return node instanceof Text || node instanceof Sequence sequence && sequence.items().stream().anyMatch(Text.class::isInstance)
                && sequence.items().stream().anyMatch(Node.Num.class::isInstance);
    }

    private static int sentenceEnd(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean stop = c == '.' && (i + 1 == text.length() || Character.isWhitespace(text.charAt(i + 1)))
                    && !(i == 1 && text.charAt(0) >= 'A' && text.charAt(0) <= 'J' && text.indexOf('\n') != 2);
            if (stop || c == '\n') {
                return i;
            }
        }
        return text.length();
    }
}
