package answers;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The boxes of a text, and what the last of them says together with those of the same statement. */
final class Boxes {

    /** A box: where it begins and ends, and what is in it. */
    record Box(int start, int end, String content) {}

    private static final int MAX_BOXES = 30;
    private static final int NEAR = 10;
    private static final int SENTENCE = 70;
    private static final Pattern BOX = Pattern.compile("\\\\(?:boxed|fbox|framebox)(?![A-Za-z])");
    /** A number or letter without braces, on the same line. */
    private static final Pattern BARE = Pattern.compile("[ \\t]*(?:\\d(?:[\\d.,]*\\d)?|[A-Za-z])(?![A-Za-z\\d])");
    private static final Pattern DENIED = Pattern.compile("\\b(?:not|isn't|rather than|instead of)\\s*(?:\\$+|\\\\[(\\[])?\\s*\\z",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern BETWEEN = Pattern.compile("\\b(?:and|or)\\b");
    private static final Pattern REPLACED = Pattern.compile("\\?|\\\\(?:to|rightarrow|Rightarrow|implies)\\b|→|⇒|->|=>|^[\\s$]*=[\\s$]*$"
            + "|\\b(?:no|not|wait|actually|rather|but|correction|corrected|instead|wrong|sorry|oops|hmm|mistake|thus|hence|therefore|so"
            + ")\\b",
            Pattern.CASE_INSENSITIVE);
    /** What stands in a box that only says that there is one. */
    private static final Set<String> PLACEHOLDERS = Set.of("", "...", "\\ldots", "\\dots", "\\cdots", "…", "answer", "youranswer",
            "finalanswer",
            "yourfinalanswer", "ans", "theanswer", "youranswerhere", "answerhere", "\\cdot", "\\quad", "?", "\\,", "\\;", "\\phantom{}");

    private final List<Box> all;

    private Boxes(List<Box> all) {
        this.all = all;
    }

    /** Whether there is a box, of whatever content, closed or not. */
    static boolean in(String text) {
        return BOX.matcher(text).find();
    }

    /**
     * The last boxes with content; null if the last one is not closed.
     *
     * @param lenient take what is not closed to go on to the end
     */
    static Boxes of(String text, boolean lenient) {
        Deque<Box> last = new ArrayDeque<>();
        Matcher box = BOX.matcher(text);
        int from = 0;
        while (box.find(from)) {
            int open = box.end();
            while (open < text.length() && Character.isWhitespace(text.charAt(open))) {
                open++;
            }
            if (open >= text.length()) {
                return lenient ? new Boxes(new ArrayList<>(last)) : null;
            }
            boolean brace = text.charAt(open) == '{';
            Matcher bare = BARE.matcher(text).region(box.end(), text.length());
            boolean says = brace || bare.lookingAt();
            int close = brace ? closing(text, open) : says ? bare.end() : open;
            if (close < 0 && !lenient) {
                return null;
            }
            close = close < 0 ? text.length() : close;
            String content = text.substring(brace ? open + 1 : open, close).strip();
            if (says && !(brace && isPlaceholder(content))) {
                last.add(new Box(box.start(), Math.min(text.length(), brace ? close + 1 : close), content));
            }
            if (last.size() > MAX_BOXES) {
                last.remove();
            }
            from = close;
        }
        List<Box> affirmed = last.stream().filter(b -> !DENIED.matcher(text.substring(Math.max(0, b.start - NEAR * 3), b.start)).find())
                .toList();
        return new Boxes(affirmed.isEmpty() ? new ArrayList<>(last) : affirmed);
    }

    private static boolean isPlaceholder(String content) {
        return content.length() < 50 && PLACEHOLDERS.contains(
                content.replaceAll("\\\\text\\s*\\{([^{}]*)\\}", "$1").replaceAll("[\\s\\[\\]<>_*.]*", "").toLowerCase(Locale.ROOT))
                || content.matches("[.\\s]{2,10}");
    }

    private static int closing(String text, int open) {
        int level = 0;
        for (int i = open; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '{') {
                level++;
            } else if (c == '}' && --level == 0) {
                return i;
            }
        }
        return -1;
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** The boxes, at most thirty, in order. */
    List<Box> all() {
        return all;
    }

    /** Where the last box ends; 0 if there is none. */
    int end() {
        return all.isEmpty() ? 0 : all.get(all.size() - 1).end;
    }

    /** The index of the first box that belongs to the statement of the last one: x is 2 and y is 3. */
    int joinedFrom(String text) {
        int first = all.size() - 1;
        while (first > 0 && belongs(text.substring(all.get(first - 1).end, all.get(first).start))) {
            first--;
        }
        return first;
    }

    /** The last box, with those that belong to its statement and say something else. */
    String joined(String text) {
        Map<String, String> said = new LinkedHashMap<>();
        all.subList(joinedFrom(text), all.size()).forEach(box -> said.put(Spelling.of(box.content), box.content));
        return String.join(", ", said.values());
    }

    private static boolean belongs(String gap) {
        return gap.length() < SENTENCE && !REPLACED.matcher(gap).find() && (gap.length() < NEAR || BETWEEN.matcher(gap).find());
    }
}
