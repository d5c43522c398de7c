package tasks;

import java.util.List;

/**
 * A word problem with the way to its answer.
 *
 * @param question text
 * @param lines steps of the solution in order; the value of the last is the answer
 */
record Story(String question, List<Line> lines) {

    /**
     * One step.
     *
     * @param expression what is computed, {@code 3 * 4} say
     * @param value what it comes to
     * @param sentence what it means, with {@code %s} in place of the equation
     */
    record Line(String expression, int value, String sentence) {

        private String equation() {
            return expression + " = " + value;
        }
    }

    static Story of(String question, Line... lines) {
        return new Story(question, List.of(lines));
    }

    static Line add(int a, int b, String sentence) {
        return new Line(a + " + " + b, a + b, sentence);
    }

    static Line subtract(int a, int b, String sentence) {
        return new Line(a + " - " + b, a - b, sentence);
    }

    static Line multiply(int a, int b, String sentence) {
        return new Line(a + " * " + b, a * b, sentence);
    }

    static Line divide(int a, int b, String sentence) {
        return new Line(a + " / " + b, a / b, sentence);
    }

    int answer() {
        return lines.get(lines.size() - 1).value();
    }

    /** The solution, either as bare equations or in words; both end in "The answer is N." */
    String solution(boolean words) {
        StringBuilder text = new StringBuilder();
        for (Line line : lines) {
            text.append(words ? line.sentence().formatted(line.equation()) : line.equation() + ".").append(' ');
        }
        return text.append("The answer is ").append(answer()).append('.').toString();
    }
}
