package answers;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Formulas and numbers in prose. */
final class Formulas {

    private static final int WINDOW = 2000;
    private static final int MAX_JOINED = 30;
    private static final Pattern JOINT = Pattern.compile("\\s*+(?:[,;]|,?\\s*+(?:and|or)\\b)\\s*+");
    private static final Pattern UNFINISHED = Pattern.compile("[-+*/=]\\s*(?:\\$\\$?|\\\\[)\\]])\\z");
    private static final Pattern PERCENT = Pattern.compile("[\\s$})\\]]{0,5}+(?:\\\\?%|percent|pct)");
    private static final String DIGITS = "(?:\\d{1,3}(?:[ ,']\\d{3})++(?!\\d)(?:\\.\\d++)?|\\d++[.,]\\d++|\\.\\d++|\\d++)";
    /** A number as it stands in prose. */
    static final Pattern NUMBER = Pattern.compile("(?<![A-Za-z\\d])(?:(?<![\\w)])[-−–]\\s?)?[$€£]?" + DIGITS + "(?:[eE][-+]?\\d++)?"
            + "(?:\\s?[/:]\\s?" + DIGITS + ")?(?:\\s*+(?:\\\\?%|percent|pct))?"
            + "(?: (?:hundred|thousand|million|billion|trillion|dozen)\\b)?");

    private Formulas() {}

    /** Whether a percent sign stands here, behind what may close a formula. */
    static boolean isPercent(String text, int at) {
        return PERCENT.matcher(text).region(at, text.length()).lookingAt();
    }

    /** Where a formula ends with a percent sign behind it. */
    static int withPercent(String text, int end) {
        Matcher percent = PERCENT.matcher(text).region(end, text.length());
        return percent.lookingAt() ? percent.end() : end;
    }

    /** End of the run of formulas that begins with one and goes on with commas, "and", "or". */
    static int chained(String text, List<int[]> formulas, int first) {
        int end = formulas.get(first)[1];
        for (int i = first + 1; i < formulas.size(); i++) {
            boolean goesOn = text.substring(end, formulas.get(i)[0]).isBlank() && UNFINISHED.matcher(text).region(Math.max(0, end - 9),
                    end).find();
            if (!goesOn && !JOINT.matcher(text).region(end, formulas.get(i)[0]).matches()) {
                break;
            }
            end = formulas.get(i)[1];
        }
        return end;
    }

    /** The last formula with those that belong to it, or the last number if it stands behind; null if there is neither. */
    static Extract last(String text) {
        String tail = text.substring(Math.max(0, text.length() - WINDOW));
        int offset = text.length() - tail.length();
        Extract found = null;
        int end = -1;
        List<int[]> formulas = in(text);
        if (!formulas.isEmpty()) {
            int first = formulas.size() - 1;
            while (first > 0 && formulas.size() - first < MAX_JOINED
                    && chained(text, formulas, first - 1) == formulas.get(formulas.size() - 1)[1]) {
                first--;
            }
            end = withPercent(text, formulas.get(formulas.size() - 1)[1]);
            found = new Extract(text.substring(formulas.get(first)[0], end), "the last formula", false);
        }
        Matcher number = NUMBER.matcher(tail);
        while (number.find()) {
            if (number.end() + offset > end) {
                found = new Extract(number.group(), "the last number", true);
            }
        }
        return found;
    }

    /** Starts and ends of what stands between dollars, \( \) or \[ \]. */
    static List<int[]> in(String text) {
        List<int[]> found = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int dollar = text.indexOf('$', at);
            int slash = text.indexOf('\\', at);
            if (dollar < 0 && slash < 0) {
                break;
            }
            if (slash >= 0 && (dollar < 0 || slash < dollar)) {
                char kind = slash + 1 < text.length() ? text.charAt(slash + 1) : ' ';
                int end = kind == '(' ? text.indexOf("\\)", slash) : kind == '[' ? text.indexOf("\\]", slash) : -1;
                if (end > 0) {
                    found.add(new int[] {slash, end + 2});
                } else if (kind == '(' || kind == '[') {
                    break; // breaks off
                }
                at = end > 0 ? end + 2 : slash + 2;
                continue;
            }
            boolean display = text.startsWith("$$", dollar);
            int start = dollar + (display ? 2 : 1);
            int end = display ? text.indexOf("$$", start) : closingDollar(text, start);
            boolean price = !display && (dollar > 0 && Character.isDigit(text.charAt(dollar - 1)) && end < 0
                    || end > 0 && end + 1 < text.length() && Character.isDigit(text.charAt(end + 1)));
            if (end > start && !price && text.substring(start, end).isBlank()) {
                at = end + (display ? 2 : 1);
            } else if (end > start && !price) {
                found.add(new int[] {dollar, end + (display ? 2 : 1)});
                at = end + (display ? 2 : 1);
            } else {
                at = start;
            }
        }
        return found;
    }

    private static int closingDollar(String text, int from) {
        for (int i = from; i < text.length() && i < from + WINDOW; i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '$') {
                return i;
            } else if (c == '\n' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                return -1;
            }
        }
        return -1;
    }
}
