package answers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import org.matheclipse.core.basic.Config;
import org.matheclipse.core.eval.ExprEvaluator;
import org.matheclipse.core.interfaces.IExpr;

/**
 * The process behind {@link Algebra}: reads a question a line, {@code variables TAB a TAB b}, and writes an answer a line,
 * {@code DECISION TAB reason}. Ends when its input does, also in the middle of a question.
 *
 * <p>The expressions are first evaluated to 100 digits at three points; where they agree, a simplification to zero is looked
 * for as the proof.
 */
public final class AlgebraWorker {

    private static final int POINTS = 3;
    private static final String END = "\0end";

    private final ExprEvaluator symja;

    private AlgebraWorker() {
        Config.MAX_AST_SIZE = 20_000;
        Config.MAX_BIT_LENGTH = 100_000;
        Config.MAX_OUTPUT_SIZE = 100_000;
        symja = new ExprEvaluator(false, (short) 1);
        symja.eval("Simplify(Sqrt(2)*Sqrt(3)-Sqrt(6)+N(Pi,100)*0)"); // loads the rules
    }

    /** The loop of questions. */
    public static void main(String... args) throws InterruptedException {
        PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err); // for whatever a library has to say
        LinkedBlockingQueue<String> questions = new LinkedBlockingQueue<>();
        Thread input = new Thread(() -> read(questions));
        input.setDaemon(true);
        input.start();
        AlgebraWorker worker = new AlgebraWorker();
        out.println("ready");
        while (true) {
            out.println(worker.answer(questions.take()));
        }
    }

    private static void read(LinkedBlockingQueue<String> questions) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                questions.add(line);
            }
        } catch (IOException e) {
            // as at the end of input
        }
        Runtime.getRuntime().halt(0);
    }

    private String answer(String question) {
        String[] parts = question.split("\t");
        try {
            return compare(Integer.parseInt(parts[0]), parts[1], parts[2]);
        } catch (StackOverflowError | RuntimeException e) {
            return "UNDECIDED\terror in computer algebra: " + e.getClass().getSimpleName();
        } finally {
            symja.clearVariables();
        }
    }

    private String compare(int variables, String a, String b) {
        int agreeing = 0;
        int mixed = 0;
        for (int point = 0; point < (variables == 0 ? 1 : POINTS); point++) {
            IExpr left = at(a, variables, point);
            IExpr right = at(b, variables, point);
            if (!left.isNumber() || !right.isNumber()) {
                continue;
            } else if (variables > 0 && left.im().isZero() != right.im().isZero()) {
                mixed++; // a root of a negative number, which has more than one meaning
                continue;
            }
            double scale = Math.max(left.abs().evalf(), right.abs().evalf());
            if (left.subtract(right).abs().evalf() > 1e-80 * scale) {
                return "DIFFERENT\tthey differ at a point, computed to 100 digits";
            }
            agreeing++;
        }
        if (agreeing == 0 && mixed > 0) {
            return "DIFFERENT\tone is real and one is not";
        }
        if (symja.eval("Simplify((" + a + ")-(" + b + "))").isZero()) {
            return "EQUAL\ttheir difference simplifies to zero";
        }
        return agreeing > 0 ? "EQUAL\tthey agree to 80 digits" + (variables == 0 ? "" : " at " + agreeing + " points")
                : "UNDECIDED\tcomputer algebra finds no value";
    }

    private IExpr at(String expression, int variables, int point) {
        return symja.eval("N((" + expression + ")" + rules(variables, point) + ",100)");
    }

    private static String rules(int variables, int point) {
        StringBuilder rules = new StringBuilder();
        for (int i = 0; i < variables; i++) {
            rules.append(i == 0 ? "/.{" : ",").append("x").append(i).append("->").append(307 + 211 * i + 173 * point + (point == 2 ? 1200
                    : 0)).append("/411");
        }
        return variables == 0 ? "" : rules + "}";
    }
}
