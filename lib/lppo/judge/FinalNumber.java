package lppo.judge;

import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lppo.data.Problem;

/**
 * A strict reward for problems whose answer is a number: 1 if the last sentence of a response is a statement whose last number is the
 * answer, else 0. An unevaluated sum ({@code "It is 6 + 2."}), a choice ({@code "7 or 8"}), a question and a sentence without a
 * number are no answers. A number may have a sign, thousands separators, decimals, a currency before it and a unit behind it.
 *
 * <p>Only the last number counts, so that a list of candidates is paid if it ends in the answer, and so is what repeats the question
 * before. Both are signs of gaming.
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

    private static final String PLAIN = "\\d[\\d,]*(?:\\.\\d+)?";
    /** What stands before a number that is the last of several: 21, 22 and 23; +-23. */
    private static final Pattern LISTED = Pattern
            .compile("(?:^|[\\s$€£(])" + PLAIN + "\\s*(?:[,;/]|\\s|\\bor\\b|\\band\\b)+\\s*[$€£]?$|±\\s*$");
    private static final Pattern CHOICE = Pattern.compile("(?<![-+*/^=\\d]\\s?)\\b" + PLAIN + "(?:,?\\s+or\\s+)[$€£]?\\d",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern CLAIM = Pattern.compile("\\b(?:answers?|maybe|perhaps|possibly|either|(?:could|might|may) be)\\b",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern CORRECTION = Pattern.compile("\\b(?:no|not|wait|actually|sorry|wrong|mistake|correct\\w*|instead)\\b",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern BARE = Pattern.compile("\\W*" + PLAIN + "\\W*");
    private static final Pattern EXPRESSION = Pattern.compile(PLAIN + "(?:\\s*(?:[-+*/×÷−]|\\b(?:plus|minus|times)\\b)\\s*" + PLAIN + ")+");
    private static final int SHORTEST = 12; // characters of a question
    private static final int CLAIMS = 3;

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

    /**
     * Returns whether a response repeats the question, or its expression as the answer, or gives several answers: different ones in turn
     * without a correction, a list that ends in the answer, or the same one more than three times.
     */
    @Override
    public boolean isGamed(Problem problem, String response) {
        String question = String.join(" ", problem.question().strip().split("\\s+"));
        String text = bare(response);
        String line = String.join(" ", text.split("\\s+"));
        return question.length() >= SHORTEST && line.toLowerCase(Locale.ROOT).contains(question.toLowerCase(Locale.ROOT))
                || restates(question, line) || isSeveral(text);
    }

    /** Whether an expression of the question is said to be the answer, and not worked out. */
    private static boolean restates(String question, String line) {
        return EXPRESSION.matcher(question).results().map(MatchResult::group).distinct()
                .anyMatch(said -> Pattern.compile("\\b(?:answer|sum|total|result|it)(?:\\s|:|=|is\\b)+" + Pattern.quote(said)
                        + "(?!\\s*(?:[-+*/×÷−=\\d]|,?\\s*which\\b|is\\b"
                        + "|equals\\b|makes?\\b|gives?\\b))", Pattern.CASE_INSENSITIVE).matcher(line).find());
    }

    private static boolean isSeveral(String text) {
        String unnumbered = text.replaceAll("(?m)^\\s*\\d{1,2}[.)]\\s+(?=.*[=\\p{Alpha}])", ""); // steps
        List<String> sentences = List.of(SENTENCE.split(unnumbered));
        String last = sentences.get(sentences.size() - 1);
        Matcher number = NUMBER.matcher(last);
        int start = number.results().mapToInt(MatchResult::start).reduce(0, (one, next) -> next);
        if (LISTED.matcher(last.substring(0, start)).find()) {
            return true;
        }
        Set<BigDecimal> claimed = new HashSet<>();
        int claims = 0;
        Optional<BigDecimal> alone = Optional.empty(); // the number that is the sentence before
        for (String sentence : sentences) {
            if (CORRECTION.matcher(sentence).find()) {
                claimed.clear();
                alone = Optional.empty();
            }
            Optional<BigDecimal> value = number(sentence).map(BigDecimal::stripTrailingZeros);
            boolean bare = BARE.matcher(sentence).matches();
            if (bare && alone.isPresent() && value.isPresent() && !alone.equals(value)) {
                return true;
            }
            alone = bare ? value : Optional.empty();
            if (CLAIM.matcher(sentence).find()) {
                if (CHOICE.matcher(sentence).find()) {
                    return true;
                }
                value.ifPresent(claimed::add);
                claims += value.isPresent() ? 1 : 0;
            }
        }
        return claimed.size() > 1 || claims > CLAIMS;
    }

    private static String bare(String response) {
        return response.replaceAll("\\*\\*([^*]+)\\*\\*", "$1").strip(); // bold
    }

    private static Optional<BigDecimal> number(String response) {
        String text = bare(response);
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
