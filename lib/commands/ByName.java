package commands;

//SOURCES ../hub/Hub.java

import common.BadInput;
import hub.Hub;
import hub.HubListener;
import hub.HubName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Resolves a model or data set that is given as a folder or file, or by its name on the Hugging Face hub. */
public final class ByName {

    private static final Pattern PARQUET = Pattern.compile("([^/]+)/([^/]+)/\\d+\\.parquet");

    /** The configurations that are the benchmark, of data sets that have several: GSM8K, most, OlympiadBench. */
    private static final List<String> USUAL = List.of("main", "default", "OE_TO_maths_en_COMP");

    private ByName() {}

    /**
     * A model folder: the one that there is, else that of the model {@code OWNER/NAME} or {@code OWNER/NAME@REVISION} in the hub's
     * cache, downloaded if it is not there.
     *
     * @param named as it was given; null stays null
     * @throws BadInput if it is a name, but no model can be had by it
     */
    public static Path model(Path named) {
        if (!isName(named)) {
            return named;
        }
        try (Download download = new Download(name(named))) {
            return Hub.fromEnvironment().model(name(named), download);
        } catch (BadInput e) {
            throw neither(named, e);
        }
    }

    /**
     * A problem file: the one that there is, else that of the data set {@code OWNER/NAME} in the hub's cache, downloaded if it is not
     * there.
     *
     * @param split what to take of a data set that has it, {@code train} or {@code test}; one with a single split gives that
     * @throws BadInput if it is a name, but no file can be had by it
     */
    public static Path problems(Path named, String split) {
        if (!isName(named)) {
            return named;
        }
        try (Download download = new Download(name(named))) {
            return Hub.fromEnvironment().dataset(name(named), files -> List.of(choose(name(named), files, split)), download).get(0);
        } catch (BadInput e) {
            throw neither(named, e);
        }
    }

    private static boolean isName(Path named) {
        return named != null && !Files.exists(named) && HubName.is(name(named));
    }

    private static String name(Path named) {
        return named.toString().replace('\\', '/');
    }

    private static BadInput neither(Path named, BadInput why) {
        return new BadInput(name(named) + " is nothing here; on the hub, " + why.getMessage(), why);
    }

    /** The one Parquet file of a split, among the names {@code CONFIGURATION/SPLIT/NNNN.parquet}. */
    static String choose(String name, List<String> files, String split) {
        String config = only(name, "configuration", parts(files, 1), USUAL);
        List<String> those = files.stream().filter(file -> file.startsWith(config + "/")).toList();
        String chosen = only(name, "split", parts(those, 2), List.of(split));
        List<String> found = those.stream().filter(file -> PARQUET.matcher(file).matches()
                && file.startsWith(config + "/" + chosen + "/")).toList();
        BadInput.unless(found.size() == 1, "%s: its split %s is in %d files, too large for a benchmark; download what is wanted", name,
                chosen, found.size());
        return found.get(0);
    }

    private static List<String> parts(List<String> files, int group) {
        return files.stream().map(PARQUET::matcher).filter(Matcher::matches).map(m -> m.group(group))
                .collect(Collectors.toCollection(TreeSet::new)).stream().toList();
    }

    private static String only(String name, String kind, List<String> there, List<String> wanted) {
        BadInput.unless(!there.isEmpty(), "%s: has no Parquet files of the form CONFIGURATION/SPLIT/0000.parquet", name);
        String found = wanted.stream().filter(there::contains).findFirst().orElse(there.size() == 1 ? there.get(0) : null);
        BadInput.unless(found != null, "%s: has no %s %s, only %s; download a file of it and name that", name, kind,
                String.join(" or ", wanted), String.join(", ", there));
        return found;
    }

    /** A bar of megabytes on a terminal, elsewhere one line. */
    private static final class Download implements HubListener, AutoCloseable {

        private final String name;
        private Progress bar;

        Download(String name) {
            this.name = name;
        }

        @Override
        public void at(String file, long done, long total) {
            if (bar == null) {
                bar = new Progress(name, Math.max(1, total >> 20));
                if (!bar.shown()) {
                    System.err.printf("downloading %s, %,d MB%n", name, Math.max(1, total >> 20));
                }
            }
            bar.accept(done >> 20);
            bar.note("MB, " + file);
        }

        @Override
        public void told(String line) {
            System.err.println(line);
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }
}
