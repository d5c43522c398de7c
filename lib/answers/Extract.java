package answers;

import answers.Node.Sequence;
import answers.Node.Text;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the final answer in a text: what is tagged as the answer; what is boxed last; what follows "####"; what follows "the answer
 * is"; what is bold at the end; else the last formula or number. In time linear in the length; only the end of a long text is read.
 *
 * @param text the answer as written
 * @param how where it was found
 * @param plain whether it stood outside of LaTeX, where a comma may be a decimal comma
 */
record Extract(String text, String how, boolean plain) {

    private static final int MAX_TEXT = 200_000;
    private static final int MAX_WHOLE = 300;
    private static final int WINDOW = 2000;
    private static final int MAX_NEXT = 5;
    private static final Pattern BOLD_END = Pattern.compile("\\*\\*([^*\\n]*[^*\\s:])\\s*\\*\\*[\\s.!]*\\z");
    private static final Pattern FIELD = Pattern.compile("\"(?:final_?)?answer\"\\s*+:\\s*+(?:\"((?:[^\"\\\\]|\\\\.){1,2000}+)\""
            + "|([^\\s\"{}\\[\\],]++))",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern STRUCK = Pattern.compile("(?<![^\\s(*])~~(?=\\S)[^~\\n]{1,200}(?<=\\S)~~(?![^\\s.,;:!?)*])"
            + "|<(del|strike)>[^<>\\n]{0,200}</\\1>", Pattern.CASE_INSENSITIVE);
    private static final Pattern NEXT = Pattern.compile("\\n[ \\t]{0,8}(?:\\*\\*)?(?:(?:Human|User):|#{2,4} ?(?:Instruction|Input)\\b)");
    private static final Pattern SCALE = Pattern
            .compile("[$}]{0,2}\\s*(?:\\\\text\\s*\\{\\s*)?(hundred|thousand|million|billion|trillion|dozen)\\b");
    private static final Pattern FENCES = Pattern.compile("\\A```\\w*\\n(.*)\\n?```\\z", Pattern.DOTALL);
    private static final Pattern REPLY = Pattern.compile("\\AA:\\s(?!.*\\nB:)", Pattern.DOTALL);

    /** The part of a completion in which its answer is looked for; empty if thinking does not end, or nothing follows it. */
    static Optional<String> spoken(String completion) {
        String text = completion.length() > MAX_TEXT ? completion.substring(completion.length() - MAX_TEXT) : completion;
        return Tags.spoken(Characters.plain(text)).map(spoken -> beforeNext(STRUCK.matcher(spoken).replaceAll(" ")))
                .filter(spoken -> !spoken.isBlank());
    }

    /** A text up to another speaker that it goes on with, once it has stated an answer. */
    private static String beforeNext(String text) {
        Matcher next = NEXT.matcher(text);
        for (int i = 0; i < MAX_NEXT && next.find(); i++) {
            String before = text.substring(0, next.start());
            if (Boxes.in(before) || before.contains("####") || Statement.last(before, 0).isPresent()) {
                return before.strip();
            }
        }
        return text;
    }

    /** The final answer of a completion; empty if there is none or the completion breaks off in it. */
    static Optional<Extract> answer(String completion) {
        return spoken(completion).flatMap(text -> {
            List<Tags.Marked> tagged = Tags.answers(text);
            if (tagged.isEmpty()) {
                return find(text, false);
            }
            Tags.Marked last = tagged.get(tagged.size() - 1);
            String content = last.content();
            Optional<Extract> inside = last.closed() && content.length() <= MAX_WHOLE && !Boxes.in(content)
                    && (isFormula(Parser.parse(content))
                            || Statement.last(content, 0).isEmpty()) ? Optional.of(whole(content)) : find(content, false);
            return inside.map(extract -> new Extract(extract.text, "answer tag", extract.plain));
        });
    }

    /** The answer in a reference: all of it, or what is found in it if it is a worked solution. */
    static Optional<Extract> reference(String reference) {
        String text = Characters.plain(reference).strip();
        if (text.isEmpty()) {
            return Optional.empty();
        }
        if (Boxes.in(text) || text.contains("####")) {
            return find(text, true);
        }
        boolean formulas = !Formulas.in(text).isEmpty();
        boolean bare = text.length() <= WINDOW && (Choice.of(text).isPresent() || !(Parser.parse(text) instanceof Text));
        return bare && (!formulas || text.startsWith("$") || text.startsWith("\\(")) ? Optional.of(new Extract(text, "the reference",
                whole(text).plain))
                : text.contains("$") || text.contains("\\(") || text.contains("\\[") || text.length() > MAX_WHOLE ? find(text, true)
                : Optional.of(new Extract(text, "the reference", true));
    }

    private static Extract whole(String text) {
        return new Extract(text, "the whole text", !text.contains("$") && !text.contains("\\"));
    }

    private static Optional<Extract> find(String text, boolean reference) {
        Boxes boxes = Boxes.of(text, reference);
        if (boxes == null) {
            return Optional.empty();
        }
        Optional<Statement> stated = Statement.last(text, boxes.end());
        if (!boxes.isEmpty()) {
            return Optional.of(stated.filter(s -> s.isFinal() && !Boxes.in(text.substring(s.start()))
                    || s.isLastLine(text)).map(Statement::answer)
                    .orElseGet(() -> boxed(text, boxes)));
        }
        Optional<Extract> hash = hashed(text);
        if (hash.isPresent()) {
            return hash;
        }
        Matcher field = FIELD.matcher(text);
        if (text.startsWith("{") && field.find()) {
            return Optional.of(field.group(1) == null ? new Extract(field.group(2), "answer field", true)
                    : new Extract(field.group(1).replace("\\\\", "\\"), "answer field", !field.group(1).contains("\\")));
        } else if (stated.isPresent()) {
            return stated.map(Statement::answer);
        }
        Matcher bold = BOLD_END.matcher(text).region(Math.max(0, text.length() - MAX_WHOLE), text.length());
        if (bold.find()) {
            return find(bold.group(1).strip(), reference);
        }
        return unstated(text);
    }

    private static Optional<Extract> unstated(String text) {
        Matcher fences = FENCES.matcher(text.length() <= MAX_WHOLE ? text : "");
        Matcher reply = REPLY.matcher(text);
        String bare = fences.matches() ? fences.group(1).strip() : reply.lookingAt() ? text.substring(reply.end()).strip() : text;
        if (bare.length() <= MAX_WHOLE && Formulas.in(bare).isEmpty()
                && (Choice.of(bare).isPresent() || Readings.of(whole(bare)).stream().anyMatch(
                        Extract::isFormula))) {
            return Optional.of(whole(bare));
        }
        Extract last = Formulas.last(bare);
        return last == null && bare.length() <= MAX_WHOLE ? Optional.of(new Extract(bare, "the whole text", true))
                : Optional.ofNullable(last);
    }

    /** Returns the text after the last "####" that is followed by something other than a heading. */
    private static Optional<Extract> hashed(String text) {
        for (int hash = text.lastIndexOf("####"); hash >= 0; hash = text.lastIndexOf("####", hash - 1)) {
            String line = text.substring(hash + 4).strip().lines().findFirst().orElse("");
            if (!line.isBlank() && !line.matches("(?i).{0,30}(?:answer|solution|result|step|conclusion).{0,30}")) {
                return Optional.of(new Extract(line.strip(), "after ####", true));
            }
        }
        return Optional.empty();
    }

    private static Extract boxed(String text, Boxes boxes) {
        Matcher scale = SCALE.matcher(text).region(boxes.end(), text.length());
        String all = boxes.joined(text) + (scale.lookingAt() ? "\\text{ " + scale.group(1) + "}" : "");
        return new Extract(Formulas.isPercent(text, boxes.end()) && !all.contains("%") ? all + "\\%" : all, "boxed", false);
    }

    /** Not words, nor words beside formulas: Subtracting, x = 5. */
    private static boolean isFormula(Node node) {
        return !(node instanceof Text) && !(node instanceof Sequence sequence
                && sequence.items().stream().anyMatch(Text.class::isInstance));
    }
}
