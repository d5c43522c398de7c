package commands;

import common.BadInput;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles and instantiates a user's operator: a Java file with one public class. */
final class OwnClass {

    private static final Pattern PACKAGE = Pattern.compile("^\\s*package\\s+([\\w.]+)\\s*;", Pattern.MULTILINE);

    private OwnClass() {}

    /**
     * Returns the operator in a file.
     *
     * @param type that its class implements
     * @throws BadInput in one line if the file is missing, does not compile, or does not contain such a class with a constructor without
     *     arguments
     */
    static <T> T of(Path file, Class<T> type) {
        BadInput.unless(Files.isRegularFile(file), "%s: no such file", file);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        BadInput.unless(compiler != null, "%s: this Java has no compiler; run with a JDK, not a JRE", file);
        String name = file.getFileName().toString().replaceFirst("\\.java$", "");
        try {
            String source = Files.readString(file);
            Path classes = Files.createTempDirectory("own-class");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> Children.deleteAtEnd(classes))); // its classes are loaded on demand
            compile(compiler, file, name, source, classes);
            Matcher inPackage = PACKAGE.matcher(source);
            String full = inPackage.find() ? inPackage.group(1) + "." + name : name;
            URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()}, OwnClass.class.getClassLoader());
            Class<?> found = loader.loadClass(full);
            BadInput.unless(type.isAssignableFrom(found), "%s: %s is not a %s; write \"public class %s implements %s\"", file, name,
                    type.getSimpleName(), name, type.getSimpleName());
            return type.cast(found.getDeclaredConstructor().newInstance());
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read or compiled (" + e.getMessage() + ")", e);
        } catch (ClassNotFoundException e) {
            throw new BadInput(file + ": contains no class " + name + "; name the class like the file", e);
        } catch (NoSuchMethodException | InstantiationException | IllegalAccessException e) {
            throw new BadInput(file + ": " + name + " cannot be created; it must be public and have a constructor without arguments", e);
        } catch (InvocationTargetException e) {
            throw new BadInput(file + ": the constructor of " + name + " throws " + e.getCause(), e);
        }
    }

    private static void compile(JavaCompiler compiler, Path file, String name, String source, Path classes) throws IOException {
        DiagnosticCollector<JavaFileObject> complaints = new DiagnosticCollector<>();
        JavaFileObject unit = new SimpleJavaFileObject(URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
        boolean compiled;
        try (StandardJavaFileManager files = compiler.getStandardFileManager(complaints, Locale.ROOT, null)) {
            compiled = compiler.getTask(null, files, complaints, List.of("-d", classes.toString(), "-proc:none", "-nowarn", "-classpath",
                    System.getProperty("java.class.path")), null, List.of(unit)).call();
        }
        Diagnostic<? extends JavaFileObject> first = complaints.getDiagnostics().stream()
                .filter(d -> d.getKind() == Diagnostic.Kind.ERROR).findFirst().orElse(null);
        BadInput.unless(compiled, "%s:%s: does not compile: %s", file, first == null ? "?" : first.getLineNumber(),
                first == null ? "no reason given" : first.getMessage(Locale.ROOT).replaceAll("\\s+", " "));
    }
}
