package answers;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decides whether a response commits to the answer that was found in it: a single one, stated as the answer. A policy that lists
 * candidates, hedges, or ends with a question has not answered.
 */
final class Commitment {

    private static final int MAX_OTHERS = 2;
    private static final int MAX_CORRECTIONS = 1;
    private static final int FEW_LETTERS = 12;
    private static final int TAIL = 300;
    private static final int WINDOW = 50;
    private static final Pattern CORRECTION = Pattern.compile(
            "\\?|\\b(?:no|wait|actually|correction|corrected|mistakes?|wrong|incorrect|sorry|oops|hmm|recheck|instead|rather|but|error)\\b",
            Pattern.CASE_INSENSITIVE);
    private static final String UNSURE = "maybe|perhaps|probably|guess|unsure|alternatively|another answer|(?:not|n't|never) (?:sure|know"
            + "|certain)|can't say"
            + "|who knows|whichever|any of|one of (?:them|these)|something like|up to you|if not|或者|可能|也许|大概";
    private static final Pattern UNSURE_AT_ALL = words(UNSURE);
    private static final Pattern DOUBTFUL = words(UNSURE + "|possibly|might|could|may be|either|neither|nor|cannot|anything|or so|or "
            + "something|or more|or less");
    private static final Pattern BOUND = words("(?:answer|it|x|value|total|result|number|sum) (?:is|are|lies|=) (?:some\\w+ "
            + ")?(?:at least|at most|between|more than|less than|greater than|over|under|above|below)");
    private static final Pattern VERB = words("is|are|equals|be");
    private static final Pattern MODAL = Pattern.compile("\\b(?:might|could|may)(?: also| well)* \\z", Pattern.CASE_INSENSITIVE);
    private static final Pattern CONCLUDED = Pattern.compile("[,.;:] (?:so|but|therefore|thus|hence)\\b", Pattern.CASE_INSENSITIVE);
    private static final Pattern REASON = words("since|because|as|where|for");
    private static final Pattern VAGUE = Pattern.compile("\\b(?:about|around|roughly|approximately|almost|nearly|circa|ish)\\b",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern ALTERNATIVE = Pattern.compile("\\A[\\s$})\\].,;:!*`\"]*(?:\\(\\s*)?(?:or|and also|and maybe|/|\\||,? ?but "
            + "(?:also|it|maybe|not)|or else|unless|otherwise|或)(?![\\w])"
            + "(?! (?:equivalently|in other words|simply|just|rather|about|approximately))", Pattern.CASE_INSENSITIVE);
    private static final Pattern SECOND = Pattern.compile("\\A\\W*or\\b|(?:\\A|[\\s$*(])\\d[\\d.]*[\\s$*)},]*\\bor\\b[\\s$*({\\[]*\\z",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern DENIED = Pattern.compile(
            "\\b(?:not|\\w+n't|cannot|never|anything but|other than|except|neither)(?: be)?\\s*(?:[$(*`\"]"
                    + "|\\\\boxed\\{|\\\\\\(|equal to |be |the number )*\\z",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern TAKEN_BACK = Pattern.compile("(?:\\A[\\s$})\\].,*]*|\\b(?:that|this|it|which|the answer) )(?:is|was"
            + "|would be) "
            + "(?:wrong|incorrect|not (?:the|right|correct|true|it))|not the answer|\\bjust kidding"
            + "|\\A[\\s$})\\].,*]*(?:no,? wait|wait|actually|correction|sorry|oops)\\b[^\\n]{0,80}\\d", Pattern.CASE_INSENSITIVE);
    private static final Pattern PART_OF = Pattern.compile("(?:\\d|[\\d}]\\s?(?:\\\\times|\\\\cdot|\\*|×))\\s?\\z|(?<![^\\s=$])[-−]\\z");
    private static final Pattern GOES_ON = Pattern.compile("\\$?(?:[\\d_]|\\^(?!\\{?\\\\(?:circ|prime))|[xyz]\\b|\\\\(?:frac|sqrt|pi)\\b"
            + "|\\s?(?:\\\\times|\\\\cdot|\\*(?!\\*)|×)\\s?\\$?[\\d\\\\])");
    private static final Pattern NEXT_QUESTION = Pattern.compile("\\n[\\s*#]{0,8}(?:Question|Problem|Q)(?: ?\\d+)?:");
    private static final Pattern NOT_YET = Pattern.compile("\\b(?:let me|let's|let us|consider|suppose|assume"
            + "|think about|trying)\\b[^=]*\\z|\\bsuch that\\b[^.\\n]*\\z|\\b([a-z])\\s*[|:]\\s*\\1\\b[^\\n]*\\z",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern ASKED = Pattern.compile("\\A[\\s$})\\].,*]*\\?");
    private static final Pattern DOUBTED = Pattern.compile("\\b(?:not|\\w+n't) (?:entirely |really |quite |so |very |too )?(?:sure|certain"
            + "|confident)\\b|\\b(?:maybe|perhaps|might be|could be|possibly|probably)\\W{0,4}(?:it(?:'s| is) )?[$\\\\(]{0,2}\\d",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern APPROXIMATE = Pattern.compile("\\A\\W*(?:\\\\approx|\\\\sim(?:eq)?|≈)");
    private static final Pattern EQUIVALENT = Pattern.compile("\\A[\\s$})\\].,;*]*or,? (?:equivalently|in other words|simply|just"
            + "|about|approximately)", Pattern.CASE_INSENSITIVE);
    private static final Pattern ADDED = Pattern.compile("\\A[\\s$})\\].,;*]*(?:(?:or|alternatively|otherwise)\\b[^\\n]{0,40}\\d"
            + "|\\([^()\\n]{0,40}\\d[^()\\n]{0,60}\\b(?:if|unless|otherwise|maybe|perhaps)\\b)", Pattern.CASE_INSENSITIVE);
    private static final Pattern ANOTHER = words("or|another|also|next|candidate");
    private static final Pattern CONDITION = Pattern.compile("\\A[\\s$})\\],]*(?:if|when|unless)\\b", Pattern.CASE_INSENSITIVE);
    private static final Pattern ENUMERATED = Pattern.compile("(?:\\A|\\s)\\(?[\\da-z]{1,2}[).]\\s*\\z"
            + "|\\b(?:from|between)\\s[^.]{1,30}\\b(?:to|and)\\W*\\z",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern HASHED = Pattern.compile("####[ \\t]*([^\\n#]+)");

    private Commitment() {}

    private static Pattern words(String alternatives) {
        return Pattern.compile("(?<![\\w'])(?:" + alternatives + ")(?![\\w])", Pattern.CASE_INSENSITIVE);
    }

    /**
     * Why a response has not committed itself; empty if it has.
     *
     * @param completion the response
     * @param found the answer that was found in it
     * @param exact whether the reference is not a rounded value
     */
    static Optional<String> lacking(String completion, Extract found, boolean exact) {
        String text = Extract.spoken(completion).orElse("");
        if (Tags.thoughts(completion) > 1) {
            return Optional.of("thinking is opened or closed more than once");
        } else if (DOUBTFUL.matcher(found.text()).find() || found.text().contains("?")
                || exact && (VAGUE.matcher(found.text()).find() || APPROXIMATE.matcher(found.text()).find())) {
            return Optional.of("the answer is hedged");
        }
        return switch (found.how()) {
            case "answer tag" -> tags(text);
            case "boxed" -> boxes(text);
            default -> stated(text, found, exact);
        };
    }

    private static Optional<String> tags(String text) {
        List<Tags.Marked> marked = Tags.answers(text);
        if (!marked.get(marked.size() - 1).closed()) {
            return Optional.of("the answer tag is not closed");
        }
        List<Candidate> candidates = marked.stream().map(m -> new Candidate(m.start(), m.end(), Spelling.of(m.content()))).toList();
        return several(text, candidates).or(() -> around(text, candidates.get(candidates.size() - 1)));
    }

    private static Optional<String> boxes(String text) {
        Boxes boxes = Boxes.of(text, true);
        List<Boxes.Box> all = boxes.all();
        int joined = boxes.joinedFrom(text);
        List<Candidate> candidates = new ArrayList<>();
        for (Boxes.Box box : all.subList(0, joined)) {
            candidates.add(new Candidate(box.start(), box.end(), Spelling.of(box.content())));
        }
        Candidate last = new Candidate(all.get(joined).start(), boxes.end(),
                all.size() - joined == 1 ? Spelling.of(all.get(joined).content()) : Spelling.of(boxes.joined(text)));
        candidates.add(last);
        boolean whole = !PART_OF.matcher(text.substring(Math.max(0, last.start - WINDOW), last.start)).find()
                && !GOES_ON.matcher(text).region(last.end, text.length()).lookingAt();
        return !whole ? Optional.of("the box is part of an expression") : several(text, candidates).or(() -> around(text, last));
    }

    private record Candidate(int start, int end, String spelling) {}

    /** Whether there are other answers before the last, and neither a correction nor a way from one to the next. */
    private static Optional<String> several(String text, List<Candidate> candidates) {
        Candidate last = candidates.get(candidates.size() - 1);
        long others = candidates.stream().map(Candidate::spelling).filter(s -> !s.equals(last.spelling)).distinct().count();
        int corrections = 0;
        for (int i = 0; i + 1 < candidates.size(); i++) {
            if (candidates.get(i).spelling.equals(candidates.get(i + 1).spelling)) {
                continue;
            }
            String gap = text.substring(candidates.get(i).end, Math.max(candidates.get(i).end, candidates.get(i + 1).start));
            boolean corrected = CORRECTION.matcher(gap).find();
            if (NEXT_QUESTION.matcher(gap).find()) {
                return Optional.of("several different answers");
            }
            corrections += corrected ? 1 : 0;
            boolean bare = gap.chars().filter(Character::isLetter).count() < FEW_LETTERS && !gap.strip().matches("[$\\s]*=[$\\s]*");
            boolean another = gap.length() < TAIL && ANOTHER.matcher(gap).find();
            if (!corrected && (bare || another || CONDITION.matcher(gap).find() || DOUBTFUL.matcher(gap).find())) {
                return Optional.of("several different answers");
            }
        }
        return others > MAX_OTHERS || corrections > MAX_CORRECTIONS ? Optional.of("several different answers") : Optional.empty();
    }

    /** What the sentence says around an answer. */
    private static Optional<String> around(String text, Candidate answer) {
        String before = text.substring(sentenceStart(text, answer.start), answer.start);
        String after = text.substring(answer.end, sentenceEnd(text, answer.end));
        String tail = text.substring(answer.end, Math.min(text.length(), answer.end + TAIL));
        String stated = REASON.split(after, 2)[0];
        if (isDoubted(before) || DENIED.matcher(before).find() || SECOND.matcher(before).find() || DOUBTFUL.matcher(stated).find()
                || ALTERNATIVE.matcher(after).find() || ASKED.matcher(tail).find() || DOUBTED.matcher(tail).find()
                || TAKEN_BACK.matcher(tail).find()
                || ADDED.matcher(tail).find() && !EQUIVALENT.matcher(tail).lookingAt()) {
            return Optional.of("the answer is hedged");
        }
        return Optional.empty();
    }

    /** Whether what leads to an answer doubts it. What might, could or may be said in front of "is" is no doubt about what follows. */
    private static boolean isDoubted(String before) {
        if (CONCLUDED.matcher(before).find()) {
            return false;
        }
        Matcher verb = VERB.matcher(before);
        int at = 0;
        while (verb.find()) {
            at = verb.start();
        }
        return UNSURE_AT_ALL.matcher(before).find() || BOUND.matcher(before).find() || DOUBTFUL.matcher(before.substring(at)).find()
                || MODAL.matcher(before.substring(0, at)).find();
    }

    /** An answer that is stated in words, or only comes last. */
    private static Optional<String> stated(String text, Extract found, boolean exact) {
        if (Tags.holdAnswer(text)) {
            return Optional.of("the answer tags are empty");
        }
        List<Candidate> statements = new ArrayList<>();
        for (Statement statement : Statement.all(text)) {
            int start = Math.max(statement.said(), text.indexOf(statement.answer().text(), statement.said()));
            int end = Math.min(text.length(), start + statement.answer().text().length());
            statements.add(new Candidate(start, end, Spelling.of(statement.answer().text())));
        }
        boolean isStated = found.how().equals("the answer is") || found.how().equals("final answer");
        if (isStated && !statements.isEmpty()) {
            Candidate last = statements.get(statements.size() - 1);
            String sentence = text.substring(sentenceStart(text, last.start), sentenceEnd(text, last.end)).replaceAll("\\([^()]*\\)", "");
            return several(text, statements).or(() -> around(text, last))
                    .or(() -> exact && VAGUE.matcher(sentence).find() ? Optional.of("the answer is hedged") : Optional.empty());
        }
        if (found.how().equals("after ####")) {
            List<Candidate> hashed = HASHED.matcher(text).results()
                    .map(hash -> new Candidate(hash.start(), hash.end(), Spelling.of(hash.group(1).strip()))).toList();
            return hashed.isEmpty() ? Optional.empty() : several(text, hashed).or(() -> around(text, hashed.get(hashed.size() - 1)));
        }
        int start = text.lastIndexOf(found.text());
        if (start < 0 || found.text().length() == text.length()) {
            return Optional.empty();
        }
        Candidate last = new Candidate(start, start + found.text().length(), "");
        boolean fallback = found.how().startsWith("the last");
        int end = sentenceEnd(text, last.end);
        String before = text.substring(0, start).replaceAll("[\\s,.;?!:*|$-]+\\z", "");
        boolean listed = !before.isEmpty() && Character.isDigit(before.charAt(before.length() - 1))
                || fallback && ENUMERATED.matcher(text.substring(Math.max(0, start - WINDOW), start)).find();
        if (listed || fallback && NOT_YET.matcher(text.substring(sentenceStart(text, start), start)).find()
                || fallback && text.substring(end).replaceAll("[\\s.!*`_)]", "").length() > 0) {
            return Optional.of("no answer is stated");
        } else if (fallback && text.substring(last.end, Math.min(text.length(), end + 1)).contains("?")) {
            return Optional.of("a question is no answer");
        }
        return around(text, last);
    }

    private static int sentenceStart(String text, int at) {
        int start = at;
        while (start > 0 && at - start < TAIL && text.charAt(start - 1) != '\n'
                && !(text.charAt(start - 1) == ' ' && start > 1 && ".!?".indexOf(text.charAt(start - 2)) >= 0)) {
            start--;
        }
        return start;
    }

    private static int sentenceEnd(String text, int at) {
        int end = at;
        while (end < text.length() && end - at < TAIL && text.charAt(end) != '\n'
                && !(".!?".indexOf(text.charAt(end)) >= 0 && (end + 1 == text.length() || Character.isWhitespace(text.charAt(end + 1))))) {
            end++;
        }
        return end;
    }
}
