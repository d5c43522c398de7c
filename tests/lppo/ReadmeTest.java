package lppo;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the code and links of the README work. */
class ReadmeTest {

    @Test
    void theChainOfOperatorsCompiles(@TempDir Path folder) throws Exception {
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme());
        assertTrue(block.find(), "the README shows the chain of operators");
        String source = block.group(1);
        long lines = source.lines().dropWhile(line -> !line.contains("try (Policy")).takeWhile(line -> !line.equals("        }")).count();
        assertTrue(lines <= 16, lines + " lines");
        JavaFileObject file = new SimpleJavaFileObject(URI.create("string:///Chain.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter complaints = new StringWriter();
        boolean compiled = compiler.getTask(complaints, null, null, List.of("-d", folder.toString(), "-proc:none",
                "-classpath", System.getProperty("java.class.path")), null, List.of(file)).call();
        assertTrue(compiled, complaints.toString());
    }

    @Test
    void everyLinkAndPictureIsThere() throws Exception {
        Matcher link = Pattern.compile("]\\((?!http)([^)]+)\\)").matcher(readme());
        int links = 0;
        for (; link.find(); links++) {
            assertTrue(Files.exists(Checkout.ROOT.resolve(link.group(1).replaceFirst("#.*", ""))), link.group(1));
        }
        assertTrue(links > 5, "the README links to the library");
    }

    private static String readme() throws Exception {
        return Files.readString(Checkout.ROOT.resolve("README.md"));
    }
}
