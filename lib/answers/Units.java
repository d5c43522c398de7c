package answers;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which words behind a value are units or name what is counted, and so change nothing: "cm", "red balls", "dollars per hour"; and
 * which say which way it goes, so that they must not contradict the reference: AM and PM, east and west, profit and loss.
 */
final class Units {

    /** More words than this are a sentence. */
    private static final int MAX_WORDS = 5;

    /** Words that make a sentence, an alternative or another value of what they stand behind. */
    private static final Set<String> NEVER = Set.of("or", "not", "is", "isn't", "it", "it's", "but", "if", "than", "maybe", "perhaps",
            "probably", "possibly", "likely", "approximately", "roughly", "nearly", "almost", "at", "least", "most", "wrong", "incorrect",
            "false", "correct", "right?", "times", "plus", "minus", "mod", "modulo", "factorial", "doubled", "tripled", "halved", "when",
            "unless", "to", "through", "so", "i", "think", "guess", "was", "were", "are", "does", "do", "doesn't", "don't", "should",
            "would", "could", "can", "might", "may", "also", "either", "neither", "except", "otherwise", "unknown", "instead", "rather",
            "then", "because", "since", "divided", "multiplied", "root", "roots", "square-root", "between", "and", "nor", "no", "never",
            "whatever", "any", "some", "something", "anything", "maximum", "minimum", "about", "around", "answer", "answers", "sure",
            "unsure", "certain", "option", "options", "choice", "alternatively", "alternative", "possible", "hopefully", "actually",
            "wait", "sorry", "as", "be", "been", "has", "have", "had", "will", "he", "she", "we", "they", "you", "my", "that", "this",
            "these", "those", "which", "whose", "where", "what", "who", "how", "why", "equals", "equal", "increased", "decreased",
            "reduced", "repeated", "recurring", "repeating", "base", "over", "power", "raised", "twice", "thrice", "double", "triple",
            "percentile", "january", "february", "march", "april", "june", "july", "august", "september", "october", "november",
            "december");

    private static final Map<String, String> DIRECTIONS = new HashMap<>();

    static {
        family("time", "am", "pm");
        family("era", "bc bce", "ad ce");
        family("compass", "north", "south", "east", "west", "northeast north-east", "northwest north-west", "southeast south-east",
                "southwest south-west");
        family("height", "above up upward upwards higher", "below down downward downwards lower underwater");
        family("turn", "clockwise", "counterclockwise anticlockwise counter-clockwise anti-clockwise");
        family("change", "increase gain profit growth rise surplus", "decrease loss decline drop deficit");
        family("amount", "more extra additional", "less fewer");
        family("side", "left leftward leftwards", "right rightward rightwards");
        family("age", "older", "younger");
        family("pace", "faster early ahead", "slower late behind");
    }

    private Units() {}

    /** Ways that exclude each other; each is the words that say it. */
    private static void family(String family, String... ways) {
        for (int i = 0; i < ways.length; i++) {
            for (String word : ways[i].split(" ")) {
                DIRECTIONS.put(word, family + " " + i);
            }
        }
    }

    /** The direction that a lower-case word gives, as its family, a space and which way; null if it gives none. */
    static String direction(String word) {
        return DIRECTIONS.get(word);
    }

    /** Whether two directions are of one family and differ. */
    static boolean contradict(String a, String b) {
        return !a.equals(b) && a.substring(0, a.indexOf(' ')).equals(b.substring(0, b.indexOf(' ')));
    }

    /** Whether lower-case words leave the value in front of them as it is. */
    static boolean areUnits(List<String> words) {
        return words.size() <= MAX_WORDS && words.stream().noneMatch(word -> NEVER.contains(word) || NumberWords.isPart(word)
                && !word.equals("second")
                && !word.equals("quarter") && !word.equals("quarters"));
    }
}
