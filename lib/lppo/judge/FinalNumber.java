package lppo.judge;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lppo.data.Problem;

/**
 * A strict reward for problems whose answer is a number: 1 if the last sentence of a response is a statement whose last number is the
 * answer, else 0. An unevaluated sum ({@code "It is 6 + 2."}), a choice ({@code "7 or 8"}), a question and a sentence without a
 * number are no answers. A number may have a sign, thousands separators, decimals, a currency before it and a unit behind it.
 *
 * <p>One response names one number, so that listing candidates is never paid. What repeats the question is paid only if its last number
 * is the answer: a task that uses this reward should have no such questions.
 */
public final class FinalNumber implements Reward {

    private static final Pattern NUMBER = Pattern.compile("(?:\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.\\d+)?(?![\\d,]*\\d)");
    private static final Pattern SENTENCE = Pattern.compile("(?<=[.!?])\\s+|\\R+");
    /** What stands before a number that is part of something not worked out, or one of several candidates. */
    private static final Pattern OPEN = Pattern.compile("(?:[-+*/^%×÷−–~]|\\b(?:plus|minus|times|by|from|over|x|or))\\s*[$€£]?\\s*$",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern PART = Pattern.compile("[\\p{Alnum}_.,]$"); // of a word or of a longer number
    private static final Pattern SIGN = Pattern.compile("(?:^|[\\s=:(])[-−][$€£]?$");
    private static final Pattern TERM = Pattern.compile("(?:\\d|\\))\\s*[-−][$€£]?$"); // then a minus takes away
    private static final Pattern GOES_ON = Pattern.compile("^\\s*(?:[-+*/^%×÷−–=~]|(?:plus|minus|times|divided|multiplied)\\b)",
            Pattern.CASE_INSENSITIVE);

    @Override
    public double score(Problem problem, String response) {
        Optional<BigDecimal> wanted = reference(problem.answer());
        return wanted.isPresent() && wanted.equals(number(response).map(BigDecimal::stripTrailingZeros)) ? 1 : 0;
    }

    /** Returns the number that is the right answer; empty if it is none, so that no response is right. */
    private static Optional<BigDecimal> reference(String answer) {
        try {
            return Optional.of(new BigDecimal(answer.replace(",", "").strip()).stripTrailingZeros());
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<String> answer(String response) {
        return number(response).map(value -> value.stripTrailingZeros().toPlainString());
    }

    private static Optional<BigDecimal> number(String response) {
        String text = response.replaceAll("\\*\\*([^*]+)\\*\\*", "$1").strip(); // bold
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String[] sentences = SENTENCE.split(text);
        String last = sentences[sentences.length - 1];
        if (last.contains("?")) {
            return Optional.empty();
        }
        Matcher found = NUMBER.matcher(last);
        int start = -1;
        int end = -1;
        while (found.find()) {
            start = found.start();
            end = found.end();
        }
        if (start < 0 || GOES_ON.matcher(last.substring(end)).find() || PART.matcher(last.substring(0, start)).find()) {
            return Optional.empty();
        }
        String before = last.substring(0, start);
        boolean negative = SIGN.matcher(before).find() && !TERM.matcher(before).find();
        if (!negative && OPEN.matcher(before).find()) {
            return Optional.empty();
        }
        BigDecimal value = new BigDecimal(last.substring(start, end).replace(",", ""));
        return Optional.of(negative ? value.negate() : value);
    }
}
