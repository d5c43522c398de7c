package answers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What tags say about a response: where thinking ends, what is marked as the answer, where the text ends. */
final class Tags {

    private static final Pattern ENDS = Pattern.compile("(?:\\s*(?:<\\|[\\w-]{1,30}\\|>|</s>|<eos>|<end_of_turn>))+\\s*\\z");
    private static final Pattern OPEN = Pattern.compile("<(?:think|thinking|thought|reasoning)>", Pattern.CASE_INSENSITIVE);
    private static final Pattern CLOSE = Pattern.compile("</(?:think|thinking|thought|reasoning)>", Pattern.CASE_INSENSITIVE);
    private static final Pattern ANSWER = Pattern.compile("<(answer|final_answer|solution)>|\\[(ANSWER)\\]", Pattern.CASE_INSENSITIVE);

    private Tags() {}

    /** What stands behind the thinking, without the end tokens of chat formats; empty if the thinking does not end. */
    static Optional<String> spoken(String text) {
        int end = 0;
        Matcher close = CLOSE.matcher(text);
        while (close.find()) {
            end = close.end();
        }
        String rest = text.substring(end);
        if (OPEN.matcher(rest).find()) {
            return Optional.empty();
        }
        Matcher ends = ENDS.matcher(rest).region(Math.max(0, rest.length() - 200), rest.length());
        return Optional.of((ends.find() ? rest.substring(0, ends.start()) : rest).strip());
    }

    /** What is marked as the answer, and where its tags begin and end; a tag that is not closed goes on to the end. */
    record Marked(String content, boolean closed, int start, int end) {}

    /** How often thinking begins, or ends if that is more often. */
    static int thoughts(String text) {
        return (int) Math.max(OPEN.matcher(text).results().count(), CLOSE.matcher(text).results().count());
    }

    /** Whether there is a tag of an answer, with content or without. */
    static boolean holdAnswer(String text) {
        return ANSWER.matcher(text).find();
    }

    /** What stands between tags of an answer, the empty ones left out. */
    static List<Marked> answers(String text) {
        Matcher open = ANSWER.matcher(text);
        String lower = text.toLowerCase(Locale.ROOT);
        List<Marked> found = new ArrayList<>();
        while (open.find()) {
            String name = open.group(1) != null ? "</" + open.group(1) + ">" : "[/" + open.group(2) + "]";
            int close = lower.indexOf(name.toLowerCase(Locale.ROOT), open.end());
            String content = text.substring(open.end(), close < 0 ? text.length() : close).strip();
            if (!content.isEmpty()) {
                found.add(new Marked(content, close >= 0, open.start(), close < 0 ? text.length() : close + name.length()));
            }
            if (close < 0) {
                break;
            }
            open.region(close, text.length());
        }
        return found;
    }
}
