package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests {@code pom.xml}, by which Maven builds the library, against the headers by which JBang does; CI builds with it. */
class LibraryTest {

    private static final Pattern DEPENDENCY = Pattern.compile("<groupId>(.+?)</groupId>\\s*<artifactId>(.+?)</artifactId>"
            + "\\s*<version>(.+?)</version>(?:\\s*<classifier>(.+?)</classifier>)?(\\s*<optional>true</optional>)?\\s*</dependency>");

    /** All but the binding of SLF4J, which a program chooses. */
    @Test
    void mavenAndJBangUseTheSameLibraries() throws IOException {
        Set<String> headers = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Checkout.ROOT.resolve("lib"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java") && !f.toString().contains("commands")).toList()) {
                Files.readAllLines(file).stream().filter(line -> line.startsWith("//DEPS "))
                        .map(line -> line.substring(7).strip().replaceFirst("\\$\\{env\\.LPPO_LIBTORCH:(.*)}", "$1"))
                        .filter(library -> !library.startsWith("org.slf4j:slf4j-nop:")).forEach(headers::add);
            }
        }
        String libtorch = one("<libtorch>(.*)</libtorch>", pom());
        Set<String> libraries = new TreeSet<>();
        Set<String> optional = new TreeSet<>();
        for (Matcher found = DEPENDENCY.matcher(pom()); found.find();) {
            libraries.add(Stream.of(found.group(1), found.group(2), found.group(3), found.group(4)).filter(part -> part != null)
                    .map(part -> part.replace("${libtorch}", libtorch)).collect(Collectors.joining(":")));
            if (found.group(5) != null) {
                optional.add(found.group(2));
            }
        }
        assertEquals(String.join("\n", headers), String.join("\n", libraries));
        assertEquals(Set.of("matheclipse-core", "spark-core_2.13"), optional, "what the library does without");
    }

    /** The wrapper and Maven choose among the same builds of libtorch. */
    @Test
    void everyPlatformOfTheWrapperHasAProfile() throws IOException {
        Set<String> wrapper = all("platform=([\\w-]+)", Files.readString(Checkout.ROOT.resolve("jbang")));
        assertEquals(wrapper, all("<libtorch>(.*)</libtorch>", pom()));
        assertTrue(wrapper.size() == 4, wrapper.toString());
    }

    /** The version is in the POM and, for readers, where it has to be repeated. */
    @Test
    void thereIsOneVersion() throws IOException {
        String version = one("<artifactId>lppo-java</artifactId>\\s*<version>(.*)</version>", pom());
        for (String file : List.of("README.md", "notebooks/examples/maven/pom.xml")) {
            assertEquals(Set.of(version), all("<artifactId>lppo-java</artifactId>\\s*<version>(.*?)</version>",
                    Files.readString(Checkout.ROOT.resolve(file))), file);
        }
        String changes = Files.readString(Checkout.ROOT.resolve("lib/README.md"));
        assertEquals(version, one("(?s)\n## Changes\n.*?\\*\\*(\\d[^*]*?)\\*\\*", changes), "the newest version in lib/README.md");
    }

    /** Every library that a header names has its licence in the table. */
    @Test
    void licencesAreTold() throws IOException {
        assertTrue(Files.readString(Checkout.ROOT.resolve("LICENSE")).contains("Apache License"));
        String table = Files.readString(Checkout.ROOT.resolve("lib/README.md")).replaceFirst("(?s).*\n## Licences\n", "");
        try (Stream<Path> files = Files.walk(Checkout.ROOT.resolve("lib"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                for (String library : all("(?m)^//DEPS [^:]+:([^:]+):", Files.readString(file))) {
                    assertTrue(table.contains("`" + library + "`"), library + " has no licence in lib/README.md");
                }
            }
        }
    }

    private static String pom() throws IOException {
        return Files.readString(Checkout.ROOT.resolve("pom.xml")).replaceAll("(?s)<build>.*</build>", "");
    }

    private static String one(String pattern, String text) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        assertTrue(found.find(), pattern);
        return found.group(1);
    }

    private static Set<String> all(String pattern, String text) {
        Set<String> all = new TreeSet<>();
        for (Matcher found = Pattern.compile(pattern).matcher(text); found.find();) {
            all.add(found.group(1));
        }
        return all;
    }
}
