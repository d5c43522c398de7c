package answers;

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

    /** What is marked as the answer; a tag that is not closed goes on to the end. */
    record Marked(String content, boolean closed) {}

    /** What stands between the last tags of an answer; empty if there is none. */
    static Optional<Marked> answer(String text) {
        Matcher open = ANSWER.matcher(text);
        String lower = text.toLowerCase(Locale.ROOT);
        Marked found = null;
        while (open.find()) {
            String name = open.group(1) != null ? "</" + open.group(1) + ">" : "[/" + open.group(2) + "]";
            int close = lower.indexOf(name.toLowerCase(Locale.ROOT), open.end());
            String content = text.substring(open.end(), close < 0 ? text.length() : close).strip();
            found = content.isEmpty() ? found : new Marked(content, close >= 0);
            if (close < 0) {
                break;
            }
            open.region(close, text.length());
        }
        return Optional.ofNullable(found);
    }
}
