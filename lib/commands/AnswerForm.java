package commands;

import java.util.List;
import java.util.regex.Pattern;
import lppo.data.Problem;

/** What the answers of problems look like, which tells the reward that can judge them. */
enum AnswerForm {
    /** The letter of an option: (B). */
    LETTERS("math", "the answers are letters of options"),
    /** Numbers, formulas, or yes and no. */
    MATHEMATICS("math", "the answers are numbers or mathematics"),
    /** Words. */
    TEXT("exact", "the answers are words");

    private static final double MOST = 0.9; // share of the answers that decides
    private static final Pattern LETTER = Pattern.compile("\\s*[(\\[]?[A-J][)\\].:]?\\s*");
    private static final Pattern MATHEMATICAL = Pattern
            .compile("(?is).*[\\d\\\\=+^/*<>√π∞∅].*|\\s*(?:yes|no|true|false|\\(?-?[a-z]\\)?)\\s*\\.?");
    private static final Pattern SENTENCE = Pattern.compile("(?s).*\\p{L}{2,}[\\s,]+\\p{L}{2,}[\\s,]+\\p{L}{2,}.*");

    private final String reward;
    private final String reason;

    AnswerForm(String reward, String reason) {
        this.reward = reward;
        this.reason = reason;
    }

    /** Returns the form that nine of ten answers have; mathematics, which compares words too, if several are mixed. */
    static AnswerForm of(List<Problem> problems) {
        long letters = problems.stream().filter(p -> LETTER.matcher(p.answer()).matches()).count();
        long mathematics = problems.stream().filter(p -> isMathematics(p.answer())).count();
        double most = MOST * problems.size();
        return letters >= most ? LETTERS : problems.size() - mathematics - letters >= most ? TEXT : MATHEMATICS;
    }

    private static boolean isMathematics(String answer) {
        return MATHEMATICAL.matcher(answer).matches() && (answer.contains("\\") || !SENTENCE.matcher(answer).matches());
    }

    /** Returns the name of the reward, as {@code --reward} takes it. */
    String reward() {
        return reward;
    }

    /** Returns why, for the user. */
    String reason() {
        return reason;
    }
}
