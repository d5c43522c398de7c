package answers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Detects words and expressions of the question that are repeated in a response. */
final class Echo {

    private static final int SHORTEST = 12;
    private static final int MAX_QUESTION = 5000;
    private static final Pattern OPERATION = Pattern.compile("(?<=[\\w)}\\s!])\\s*[-+*/^=!×·÷<>]|\\\\(?:frac|sqrt|times|cdot|div|int|sum|"
            + "log|ln|sin|cos|tan|binom|le|ge)");
    private static final Pattern ARITHMETIC = Pattern.compile("[-(]{0,3}\\d[\\d.,]*\\)?(?:\\s*(?:[-+*/^×·÷−]|\\\\times|\\\\cdot"
            + "|\\\\div)\\s*\\(?-?\\d[\\d.,]*\\)?)++");

    private final String question;
    private final List<String> expressions = new ArrayList<>();

    /** @param question as it was asked; empty if unknown */
    Echo(String question) {
        this.question = question.length() > MAX_QUESTION ? question.substring(0, MAX_QUESTION) : question;
        String text = Characters.plain(this.question);
        for (int[] formula : Formulas.in(text)) {
            keep(text.substring(formula[0], formula[1]));
        }
        Matcher arithmetic = ARITHMETIC.matcher(text);
        while (arithmetic.find()) {
            keep(arithmetic.group());
        }
    }

    private void keep(String expression) {
        if (OPERATION.matcher(expression).find()) {
            expressions.add(bare(expression));
        }
    }

    private static String bare(String expression) {
        return Spelling.plain(expression).replaceAll("\\\\(?:times|cdot)(?![A-Za-z])|[×·]", "*").replaceAll("[.,?]+$", "").replace("−",
                "-").toLowerCase(Locale.ROOT);
    }

    /** Whether a response has the whole question in it, whatever the spaces. */
    boolean repeatedIn(String response) {
        return question.strip().length() >= SHORTEST && pattern().matcher(response).find();
    }

    /** A response without the question in it. */
    String removedFrom(String response) {
        return question.strip().length() < SHORTEST ? response : pattern().matcher(response).replaceAll(" ");
    }

    private Pattern pattern() {
        StringBuilder words = new StringBuilder();
        for (String word : question.strip().split("\\s+")) {
            words.append(words.isEmpty() ? "" : "\\s+").append(Pattern.quote(word));
        }
        return Pattern.compile(words.toString(), Pattern.CASE_INSENSITIVE);
    }

    /** Whether an answer is an expression of the question, or has one on its right side, and the reference is not. */
    boolean restatedBy(String answer, String reference) {
        String said = bare(answer.substring(answer.lastIndexOf('=') + 1));
        String gold = bare(reference);
        return expressions.stream().anyMatch(expression -> !expression.equals(gold)
                && (bare(answer).equals(expression) || said.equals(expression.substring(expression.lastIndexOf('=') + 1))
                        && OPERATION.matcher(said).find()));
    }

    /** Whether an answer holds an expression of the question anywhere. */
    boolean heldBy(String answer) {
        return expressions.stream().anyMatch(bare(answer)::contains);
    }
}
