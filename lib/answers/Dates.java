package answers;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Days of the calendar in English: "July 4", "4th of July", "March 3, 2021". */
final class Dates {

    private static final List<String> MONTHS = List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static final String MONTH = "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
            + "|oct(?:ober)?"
            + "|nov(?:ember)?|dec(?:ember)?)\\.?";
    private static final String DAY = "(\\d{1,2})(?:\\^?\\{?(?:st|nd|rd|th)\\}?)?";
    private static final String YEAR = "(?:,? (\\d{4}))?";
    private static final Pattern MONTH_FIRST = Pattern.compile(MONTH + " (?:the )?" + DAY + YEAR);
    private static final Pattern DAY_FIRST = Pattern.compile("(?:the )?" + DAY + " (?:of )?" + MONTH + YEAR);
    private static final int LONGEST = 80;

    private Dates() {}

    /** A date in one spelling; any other text as it is. */
    static String plain(String text) {
        if (text.length() > LONGEST) {
            return text;
        }
        String bare = text.toLowerCase(Locale.ROOT).replaceAll("\\\\(?:text|textbf|mathrm|mbox|textit|textrm) ?|[\\\\~$]"
                + "|(?<!\\^)[{}](?![snrt])", " ")
                .replaceAll("(?<=\\d)[{} ]+(?=(?:st|nd|rd|th)\\b)|[{}]|\\.$", "").replaceAll("\\s+", " ").replace(" ,", ",").strip();
        Matcher first = MONTH_FIRST.matcher(bare);
        Matcher last = DAY_FIRST.matcher(bare);
        return first.matches() ? date(first.group(1), first.group(2), first.group(3))
                : last.matches() ? date(last.group(2), last.group(1), last.group(3)) : text;
    }

    private static String date(String month, String day, String year) {
        return "date " + (1 + MONTHS.indexOf(month.substring(0, 3))) + "/" + Integer.parseInt(day) + (year == null ? "" : "/" + year);
    }
}
