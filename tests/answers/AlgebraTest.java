package answers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import answers.Algebra.Decision;
import java.io.BufferedReader;
import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tests that the computer-algebra process is bounded and is restarted after it ends. */
class AlgebraTest {

    /** In Answers's own notation, what no deadline suffices for. */
    private static final String ENDLESS = "Sum(Integrate(Sin(k*Sin(z)*Exp(z^2)),{z,0,k}),{k,1,10^9})";

    @Test
    void aQuestionWithoutEndIsKilledAndTheNextOnesAreDecidedUntilItIsClosed() {
        Algebra algebra = new Algebra(Duration.ofSeconds(3));
        assertEquals(Decision.EQUAL, algebra.compare("1", "1", 0).decision());
        ProcessHandle first = algebra.processes().get(0);
        long start = System.nanoTime();
        Algebra.Reply endless = algebra.compare(ENDLESS, "1", 0);
        assertTrue(endless.failed() && endless.reason().contains("within 3000 ms"), endless.toString());
        assertTrue(System.nanoTime() - start < 15e9, "at the deadline");
        first.onExit().orTimeout(10, TimeUnit.SECONDS).join();

        assertEquals(Decision.EQUAL, algebra.compare("Sqrt(8)", "2*Sqrt(2)", 0).decision());
        assertEquals(Decision.EQUAL, algebra.compare("Sin(x0)^2+Cos(x0)^2", "1", 1).decision());
        assertEquals(Decision.DIFFERENT, algebra.compare("Sqrt(10^40+1)", "10^20", 0).decision());
        assertEquals(Decision.DIFFERENT, algebra.compare("x0", "x1", 2).decision());
        Algebra.Reply nonsense = algebra.compare("x0+", "Foo(", 1);
        assertTrue(nonsense.decision() == Decision.UNDECIDED && nonsense.failed(), nonsense.toString());
        assertEquals(Decision.EQUAL, algebra.compare("1", "1", 0).decision());
        ProcessHandle second = algebra.processes().get(0);
        algebra.close();
        second.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void aProcessThatIsKilledAtWorkIsCountedAndReplaced() throws Exception {
        try (MathAnswer judge = new MathAnswer(Duration.ofSeconds(20))) {
            assertTrue(judge.judge("\\boxed{\\sqrt{8}}", "2\\sqrt{2}").correct());
            ProcessHandle process = judge.algebra().processes().get(0);
            Thread killer = new Thread(() -> {
                try {
                    Thread.sleep(500);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                process.destroyForcibly();
            });
            killer.start();
            Algebra.Reply reply = judge.algebra().compare(ENDLESS, "1", 0);
            killer.join();
            assertTrue(reply.failed() && reply.reason().contains("died"), reply.toString());
            List<Integer> wrong = IntStream.range(2, 20).parallel()
                    .filter(i -> !judge.judge("\\boxed{\\sqrt{" + 3 * i * i + "}}", i + "\\sqrt{3}").correct()).boxed().toList();
            assertEquals(List.of(), wrong, "and threads may share the next");
        }
    }

    /** Symja is optional, and a program may load its libraries itself. */
    @Test
    void withoutSymjaOnlyWhatNeedsItIsUndecided() throws Exception {
        List<String> with = verdicts(library -> true);
        assertTrue(with.get(0).startsWith("Verdict[correct=true") && with.get(1).startsWith("Verdict[correct=true"), with.toString());
        List<String> without = verdicts(library -> !library.contains("matheclipse"));
        assertTrue(without.get(0).contains("undecided: needs computer algebra; add org.matheclipse:matheclipse-core to the class"
                + " path, failed=true"), without.toString());
        assertEquals(with.get(1), without.get(1));
    }

    /** The verdicts on an answer that needs computer algebra and on one that does not, in classes of a loader of their own. */
    private static List<String> verdicts(Predicate<String> wanted) throws Exception {
        String all = System.getProperty("java.class.path");
        List<URL> libraries = new ArrayList<>();
        for (String entry : all.split(File.pathSeparator)) {
            if (wanted.test(entry)) {
                libraries.add(Path.of(entry).toUri().toURL());
            }
        }
        System.setProperty("java.class.path", "none.jar");
        try (URLClassLoader loader = new URLClassLoader(libraries.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> type = loader.loadClass("answers.MathAnswer");
            try (AutoCloseable judge = (AutoCloseable) type.getConstructor(Duration.class).newInstance(Duration.ofSeconds(20))) {
                Method verdict = type.getMethod("judge", String.class, String.class);
                return List.of(verdict.invoke(judge, "\\boxed{\\sqrt{8}}", "2\\sqrt{2}").toString(),
                        verdict.invoke(judge, "\\boxed{\\frac{1}{2}}", "0.5").toString());
            }
        } finally {
            System.setProperty("java.class.path", all);
        }
    }

    /** The parent is killed without a chance to clean up, while the child works. */
    @Test
    void theProcessDoesNotOutliveItsParent() throws Exception {
        Process parent = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx200m", "-cp",
                System.getProperty("java.class.path"), AlgebraTest.class.getName()).redirectErrorStream(true).start();
        ProcessHandle child;
        try (BufferedReader out = parent.inputReader()) {
            child = ProcessHandle.of(Long.parseLong(out.readLine())).orElseThrow();
            Thread.sleep(300);
            parent.destroyForcibly();
            child.onExit().orTimeout(20, TimeUnit.SECONDS).join();
        }
        assertFalse(child.isAlive());
    }

    /** Prints the process of its child, and asks it what has no end. */
    public static void main(String... arguments) {
        Algebra algebra = new Algebra(Duration.ofSeconds(100));
        algebra.compare("1", "1", 0);
        System.out.println(algebra.processes().get(0).pid());
        algebra.compare(ENDLESS, "1", 0);
    }
}
