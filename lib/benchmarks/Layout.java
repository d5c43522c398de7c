package benchmarks;

import common.BadInput;
import common.JsonRow;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import lppo.data.Problem;
import lppo.data.Problems;

/** How problems are laid out in the columns of a file. In published layouts column names are case-insensitive. */
public enum Layout {

    /** The layout of this project and of several AIME25, AMC23 and Minerva files: the answer in a column of its own. */
    OWN("question, answer"),

    /** GSM8K: the answer after {@code ####} at the end of the solution. */
    GSM8K("question, answer with ####"),

    /** MATH500, AIME and AMC: problem and answer, with or without a solution. */
    PROBLEM("problem, answer"),

    /** MATH and Minerva: the answer is the content of the last box of the solution. */
    BOXED("problem, solution with \\boxed"),

    /** OlympiadBench: lists of solutions and answers; only text-only mathematics problems in English are kept. */
    OLYMPIAD("question, final_answer");

    private final String columns;

    Layout(String columns) {
        this.columns = columns;
    }

    /** Returns the columns by which it is recognised. */
    public String columns() {
        return columns;
    }

    /** A problem, or the reason why a row has none that can be evaluated; the other is null. */
    record Converted(Problem problem, String dropped) {

        private static Converted drop(String reason) {
            return new Converted(null, reason);
        }
    }

    /**
     * Returns the layout of a row.
     *
     * @throws BadInput listing the columns if no layout matches
     */
    static Layout of(JsonRow row, Path file) {
        Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        names.addAll(row.columns().keySet());
        if (names.containsAll(List.of("question", "final_answer"))) {
            return OLYMPIAD;
        }
        if (names.containsAll(List.of("problem", "answer"))) {
            return PROBLEM;
        }
        if (names.containsAll(List.of("problem", "solution"))) {
            return BOXED;
        }
        if (names.containsAll(List.of("question", "answer"))) {
            String answer = row.only("answer");
            return answer != null && answer.contains("####") ? GSM8K : OWN;
        }
        String there = row.columns().keySet().stream().limit(20).map(Layout::shortened).collect(Collectors.joining(", "));
        throw new BadInput(file + ": has the columns " + (there.isEmpty() ? "(none)" : there) + "; expected one of: "
                + Arrays.stream(values()).map(Layout::columns).collect(Collectors.joining("; ")));
    }

    /** Returns the problem of a row. */
    Converted convert(JsonRow row) {
        return switch (this) {
            case OWN -> new Converted(Problems.problem(row), null);
            case GSM8K -> gsm8k(row);
            case PROBLEM -> problem(row, row.text("problem"), unpadded(row.only("answer")), row.text("solution"));
            case BOXED -> boxed(row);
            case OLYMPIAD -> olympiad(row);
        };
    }

    private static Converted gsm8k(JsonRow row) {
        String worked = row.only("answer");
        int mark = worked == null ? -1 : worked.lastIndexOf("####");
        if (mark < 0) {
            return Converted.drop("without #### and an answer");
        }
        String answer = worked.substring(mark + 4).strip().replaceAll("(?<=\\d),(?=\\d{3})", "");
        String steps = worked.substring(0, mark).replaceAll("<<[^<>]*>>", "").strip();
        return problem(row, row.text("question"), answer, steps.isEmpty() ? null : steps + "\n#### " + answer);
    }

    private static Converted boxed(JsonRow row) {
        String solution = row.text("solution");
        Optional<String> answer = solution == null ? Optional.empty() : lastBoxed(solution);
        if (answer.isEmpty()) {
            return Converted.drop("without a \\boxed answer in the solution");
        }
        boolean bare = solution.strip().equals("\\boxed{" + answer.get() + "}"); // an answer, not a demonstration
        return problem(row, row.text("problem"), answer.get().strip(), bare ? null : solution);
    }

    private static Converted olympiad(JsonRow row) {
        String language = row.text("language");
        String subject = row.text("subject");
        String modality = row.text("modality");
        String question = row.text("question");
        if (language != null && !language.toLowerCase(Locale.ROOT).startsWith("en")) {
            return Converted.drop("not in English");
        }
        if (subject != null && !subject.toLowerCase(Locale.ROOT).startsWith("math")) {
            return Converted.drop("not of mathematics");
        }
        if (modality != null && !modality.toLowerCase(Locale.ROOT).startsWith("text") || row.has("image_1")
                || question != null && question.contains("<img_")) {
            return Converted.drop("with pictures");
        }
        List<String> answers = row.texts("final_answer");
        if (answers.isEmpty()) {
            return Converted.drop("without a final answer");
        }
        String answer = answers.stream().map(Layout::undollared).collect(Collectors.joining(", "));
        String context = row.text("context");
        return problem(row, context == null || context.isBlank() || question == null ? question : context + "\n" + question,
                answer, row.texts("solution").stream().findFirst().orElse(null));
    }

    private static Converted problem(JsonRow row, String question, String answer, String solution) {
        if (question == null || question.isBlank()) {
            return Converted.drop("without a question");
        }
        if (answer == null || answer.isBlank()) {
            return Converted.drop("without an answer");
        }
        String id = row.first("id", "unique_id", "idx", "problem_idx");
        String level = row.text("level");
        return new Converted(new Problem(id == null || id.isBlank() ? Integer.toString(row.number()) : id, question, answer,
                solution == null || solution.isBlank() ? null : solution,
                level == null ? null : level.replaceFirst("^Level ", ""),
                row.first("source", "url", "type", "subfield", "subject")), null);
    }

    /** Returns the content of the last {@code \boxed{…}} of a text, with balanced braces; an unclosed one does not count. */
    static Optional<String> lastBoxed(String text) {
        Deque<Integer> open = new ArrayDeque<>(); // start positions of the open braces; -1 for braces of no box
        int expected = -1;
        int begin = -1;
        int end = -1;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && text.startsWith("\\boxed", i)) {
                expected = i + "\\boxed".length();
                while (expected < text.length() && text.charAt(expected) == ' ') {
                    expected++;
                }
                i = expected - 1;
            } else if (c == '\\') {
                i++; // \{ and \} are characters, not groups
            } else if (c == '{') {
                open.push(i == expected ? i : -1);
            } else if (c == '}' && !open.isEmpty()) {
                int opened = open.pop();
                if (opened > begin) {
                    begin = opened;
                    end = i;
                }
            }
        }
        return begin < 0 ? Optional.empty() : Optional.of(text.substring(begin + 1, end));
    }

    /** AIME's 025 is 25. */
    private static String unpadded(String answer) {
        return answer != null && answer.strip().matches("\\d+") ? answer.strip().replaceFirst("^0+(?=\\d)", "") : answer;
    }

    private static String undollared(String text) {
        String stripped = text.strip();
        boolean wrapped = stripped.length() > 2 && stripped.startsWith("$") && stripped.indexOf('$', 1) == stripped.length() - 1;
        return wrapped ? stripped.substring(1, stripped.length() - 1).strip() : stripped;
    }

    private static String shortened(String name) {
        String line = name.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= 40 ? line : line.substring(0, 40) + "…";
    }
}
