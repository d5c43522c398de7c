package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests the allowed dependencies between the rooms of lib, as listed in {@code lib/README.md}, and what only commands may do. */
class RoomsTest {

    private static final Path LIB = Checkout.ROOT.resolve("lib");
    private static final Pattern IMPORT = Pattern.compile("^import (?:static )?([\\w.]+?)\\.[A-Z]\\w*", Pattern.MULTILINE);
    private static final Predicate<String> LIBRARY = Pattern.compile("common|hub|llm|lppo.*|rivals").asMatchPredicate();
    private static final Pattern FLAG = Pattern.compile("\"[^\"\n]*(?<![\\w-])--[a-z][^\"\n]*\"");
    private static final Set<String> VALUES = Set.of("common", "llm", "lppo", "lppo.data", "lppo.rollout");

    /** Lines of lib/lppo, blank ones, imports and Javadoc included. */
    private static final long MOST = 8_000;

    /** The rooms that each room may import. */
    private static final Map<String, Set<String>> RULE = Map.ofEntries(Map.entry("common", Set.of()), Map.entry("hub", Set.of("common")),
            Map.entry("llm", Set.of("common")),
            Map.entry("lppo.data", Set.of("common")), Map.entry("lppo.rollout", Set.of("common", "llm", "lppo.data")),
            Map.entry("lppo", Set.of("common", "llm", "lppo.data", "lppo.rollout")),
            Map.entry("lppo.judge", Set.of("common", "llm", "lppo.data", "lppo.rollout")), Map.entry("lppo.learn", VALUES),
            Map.entry("lppo.task", Set.of("common", "llm", "lppo", "lppo.data", "lppo.judge")),
            Map.entry("lppo.run",
                    Set.of("common", "llm", "lppo", "lppo.data", "lppo.rollout", "lppo.judge", "lppo.learn", "lppo.task")),
            Map.entry("rivals", Set.of("common", "lppo", "lppo.data", "lppo.rollout", "lppo.run")),
            Map.entry("view", Set.of("common", "lppo", "lppo.data", "lppo.judge", "lppo.run")),
            Map.entry("tasks", Set.of("common", "lppo.data", "lppo.judge", "lppo.task")),
            Map.entry("benchmarks", Set.of("common", "lppo.data")), Map.entry("answers", Set.of()), Map.entry("chat", Set.of()),
            Map.entry("logs", Set.of("common", "llm", "lppo.judge", "lppo.rollout", "lppo.run")),
            Map.entry("spark", Set.of("common", "llm", "lppo", "lppo.data", "lppo.rollout", "lppo.learn", "lppo.run")));

    @Test
    void noArrowIsAgainstTheRule() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : sources()) {
            String room = room(file);
            Matcher found = IMPORT.matcher(Files.readString(file));
            while (found.find()) {
                String imported = found.group(1);
                if (RULE.containsKey(imported) && !imported.equals(room) && RULE.containsKey(room) && !RULE.get(room).contains(imported)
                        || imported.equals("commands") && !room.equals("commands")) {
                    wrong.add(LIB.relativize(file) + " imports " + imported);
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void everyRoomHasItsRule() throws IOException {
        assertEquals(List.of(), sources().stream().map(RoomsTest::room).distinct()
                .filter(room -> !room.equals("commands") && !RULE.containsKey(room)).toList());
    }

    @Test
    void theLibraryKnowsNoOptionsOfCommands() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : sources()) {
            Matcher found = FLAG.matcher(Files.readString(file));
            while (LIBRARY.test(room(file)) && found.find()) {
                wrong.add(LIB.relativize(file) + ": " + found.group());
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void operatorsPrintNothingAndDrawNoTables() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : sources()) {
            String text = Files.readString(file);
            if (LIBRARY.test(room(file))) {
                for (String word : List.of("import picocli", "System.err", "System.out", "import tech.tablesaw", "import org.knowm")) {
                    if (text.contains(word)) {
                        wrong.add(LIB.relativize(file) + " has " + word);
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void noFileIsLongAndTheLibraryIsThin() throws IOException {
        List<String> wrong = new ArrayList<>();
        long library = 0;
        for (Path file : sources()) {
            long lines = Files.lines(file).count();
            library += room(file).startsWith("lppo") ? lines : 0;
            if (lines > 400) {
                wrong.add(LIB.relativize(file) + " has " + lines + " lines");
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(library <= MOST, "lib/lppo has " + library + " lines");
    }

    private static String room(Path file) {
        return LIB.relativize(file.getParent()).toString().replace('\\', '/').replace('/', '.');
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(LIB)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        }
    }
}
