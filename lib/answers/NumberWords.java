package answers;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Numbers in English words: "twenty-three", "one hundred and five", "two thirds", "seventh", and words of scale: "million". */
final class NumberWords {

    /** A number and how many words said it. */
    record Found(Rational value, int words) {}

    private static final List<String> SMALL = List.of("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
            "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen");
    private static final List<String> TENS = List.of("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety");
    private static final List<String> ORDINALS = List.of("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
            "ninth", "tenth", "eleventh", "twelfth");
    private static final Map<String, Long> SCALES = Map.ofEntries(Map.entry("hundred", 100L), Map.entry("thousand", 1000L),
            Map.entry("million", 1_000_000L), Map.entry("billion", 1_000_000_000L), Map.entry("trillion", 1_000_000_000_000L),
            Map.entry("dozen", 12L), Map.entry("hundreds", 100L), Map.entry("thousands", 1000L), Map.entry("millions", 1_000_000L),
            Map.entry("billions", 1_000_000_000L), Map.entry("trillions", 1_000_000_000_000L), Map.entry("dozens", 12L),
            Map.entry("万", 10_000L), Map.entry("亿", 100_000_000L), Map.entry("萬", 10_000L), Map.entry("千", 1000L), Map.entry("百", 100L),
            Map.entry("lakh", 100_000L), Map.entry("crore", 10_000_000L));
    private static final Map<String, Long> PARTS = Map.ofEntries(Map.entry("half", 2L), Map.entry("halves", 2L), Map.entry("third", 3L),
            Map.entry("thirds", 3L), Map.entry("quarter", 4L), Map.entry("quarters", 4L), Map.entry("fourth", 4L),
            Map.entry("fourths", 4L), Map.entry("fifth", 5L), Map.entry("fifths", 5L), Map.entry("sixth", 6L), Map.entry("sixths", 6L),
            Map.entry("seventh", 7L), Map.entry("sevenths", 7L), Map.entry("eighth", 8L), Map.entry("eighths", 8L),
            Map.entry("ninth", 9L), Map.entry("ninths", 9L), Map.entry("tenth", 10L), Map.entry("tenths", 10L),
            Map.entry("twelfths", 12L), Map.entry("hundredth", 100L), Map.entry("hundredths", 100L), Map.entry("thousandth", 1000L),
            Map.entry("thousandths", 1000L), Map.entry("millionths", 1_000_000L));
    private static final Map<String, Integer> UNITS = IntStream.range(0, SMALL.size()).boxed().collect(Collectors.toMap(SMALL::get,
            n -> n));
    private static final Set<String> ARTICLES = Set.of("a", "an");

    private static final Pattern MIXED_WORDS = Pattern.compile("\\band (?:an?|one|two|three|four|five|six|seven) (?:hal[fv]|third|quarter"
            + "|fourth|fifth|sixth|eighth|tenth)");

    private NumberWords() {}

    /** Whether words say a fraction beside a whole number: "two and a half". */
    static boolean areMixed(String words) {
        return MIXED_WORDS.matcher(words).find();
    }

    /** Whether a word is part of a number: "seven", "hundred", "third". */
    static boolean isPart(String word) {
        return UNITS.containsKey(word) || TENS.contains(word) || SCALES.containsKey(word) || PARTS.containsKey(word)
                || ORDINALS.contains(word);
    }

    /** The factor of a word of scale: a million for "million". */
    static Optional<Rational> scale(String word) {
        return Optional.ofNullable(SCALES.get(word)).map(Rational::of);
    }

    /** What a word divides by behind a number: 3 for "thirds"; empty also for "second" and "seconds". */
    static Optional<Rational> part(String word) {
        return Optional.ofNullable(PARTS.get(word)).map(Rational::of);
    }

    /** The number that lower-case words, hyphens taken apart, begin with. */
    static Optional<Found> read(List<String> words) {
        return read(words, true);
    }

    /** @param scales whether a fraction may be one of a scale: half a million, but not in "two and a half million" */
    static Optional<Found> read(List<String> words, boolean scales) {
        int at = 0;
        long total = 0;
        long below = 0; // what a scale still multiplies
        boolean any = false;
        boolean article = !words.isEmpty() && ARTICLES.contains(words.get(0));
        if (article) {
            below = 1;
            at = 1;
        }
        for (; at < words.size(); at++) {
            String word = words.get(at);
            boolean tens = TENS.contains(word);
            if (UNITS.containsKey(word) && (below % 100 == 0 || below % 10 == 0 && below % 100 >= 20 && UNITS.get(word) < 10) && !(article
                    && !any)) {
                below += UNITS.get(word);
            } else if (tens && below % 100 == 0 && !(article && !any)) {
                below += 20 + 10 * TENS.indexOf(word);
            } else if (SCALES.containsKey(word) && (any || article)) {
                long scale = SCALES.get(word);
                below = (below == 0 ? 1 : below) * scale;
                if (scale >= 1000) {
                    total += below;
                    below = 0;
                }
            } else if (!(word.equals("and") && any && at + 1 < words.size() && (UNITS.containsKey(words.get(at + 1))
                    || TENS.contains(words.get(at + 1)))
                    && SCALES.containsKey(words.get(at - 1)))) {
                break;
            }
            any = true;
            if (total > Long.MAX_VALUE / 2_000_000_000L || below > 1_000_000_000_000L) {
                return Optional.empty();
            }
        }
        return fraction(words, at, scales, any ? Rational.of(total + below) : article ? Rational.ONE : null);
    }

    /** A fraction of a scale: half a million, two thirds of a dozen. */
    private static Found scaled(boolean scales, List<String> words, Rational fraction, int from) {
        int at = from < words.size() && words.get(from).equals("of") ? from + 1 : from;
        at += at < words.size() && ARTICLES.contains(words.get(at)) ? 1 : 0;
        return scales && at > from && at < words.size() && SCALES.containsKey(words.get(at))
                ? new Found(fraction.times(Rational.of(SCALES.get(words.get(at)))), at + 1) : new Found(fraction, from);
    }

    /** With what may stand behind a whole number: thirds, "and a half"; a word alone: "half", "seventh". */
    private static Optional<Found> fraction(List<String> words, int at, boolean scales, Rational whole) {
        String next = at < words.size() ? words.get(at) : "";
        if (whole == null) {
            return next.equals("half") || next.equals("quarter")
                    ? Optional.of(scaled(scales, words, Rational.ONE.over(Rational.of(PARTS.get(
                            next))), at + 1))
                    : ORDINALS.contains(next) && at + 1 == words.size() ? Optional.of(new Found(Rational.of(1 + ORDINALS.indexOf(next)), at
                            + 1))
                    : Optional.empty();
        } else if (PARTS.containsKey(next)) {
            return Optional.of(scaled(scales, words, whole.over(Rational.of(PARTS.get(next))), at + 1));
        } else if (at == 1 && ARTICLES.contains(words.get(0))) {
            return Optional.empty();
        }
        int back = at > 0 && at < words.size() && words.get(at).equals("and") ? at : -1;
        if (back >= 0) {
            Optional<Found> rest = read(words.subList(back + 1, words.size()), false);
            if (rest.isPresent() && !rest.get().value().isInteger()) {
                boolean some = ARTICLES.contains(words.get(0)); // a million and a half
                return Optional.of(new Found(whole.plus(some ? whole.times(rest.get().value()) : rest.get().value()), back + 1
                        + rest.get().words()));
            }
        }
        return Optional.of(new Found(whole, at));
    }
}
