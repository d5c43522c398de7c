package lppo.data;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The benchmarks of the paper, and where they are published. A file's columns tell its {@link Layout}; which benchmark it
 * is, only its name tells, as several share their columns.
 */
public enum Benchmark {
    AIME24("AIME24", 30, Layout.PROBLEM, "not stated; MIT (Maxwell-Jia)", "aime(20)?24",
            "HuggingFaceH4/aime_2024", "Maxwell-Jia/AIME_2024", "math-ai/aime24"),
    AIME25("AIME25", 30, Layout.PROBLEM, "not stated; MIT (opencompass)", "aime(20)?25",
            "math-ai/aime25", "opencompass/AIME2025"),
    AMC23("AMC23", 40, Layout.PROBLEM, "not stated", "amc(20)?23", "math-ai/amc23"),
    MATH500("MATH500", 500, Layout.PROBLEM, "not stated; MATH is MIT", "math(500|oai)", "HuggingFaceH4/MATH-500"),
    MINERVA("Minerva", 272, Layout.BOXED, "not stated", "minerva", "math-ai/minervamath"),
    OLYMPIAD("OlympiadBench", 674, Layout.OLYMPIAD, "Apache-2.0", "olympiad",
            "Hothan/OlympiadBench", "math-ai/olympiadbench"),
    GSM8K("GSM8K", 1319, Layout.GSM8K, "MIT", "gsm8k", "openai/gsm8k");

    private final String title;
    private final int problems;
    private final Layout layout;
    private final String licence;
    private final Pattern name;
    private final List<String> datasets;

    Benchmark(String title, int problems, Layout layout, String licence, String name, String... datasets) {
        this.title = title;
        this.problems = problems;
        this.layout = layout;
        this.licence = licence;
        this.name = Pattern.compile(name);
        this.datasets = List.of(datasets);
    }

    /** What papers call it. */
    public String title() {
        return title;
    }

    /** How many problems its test set has. */
    public int problems() {
        return problems;
    }

    /** The usual layout. */
    public Layout layout() {
        return layout;
    }

    /** The licence that the dataset pages state. */
    public String licence() {
        return licence;
    }

    /** Pages of the data sets, the usual one first. */
    public List<String> pages() {
        return datasets.stream().map(id -> "https://huggingface.co/datasets/" + id).toList();
    }

    /** The benchmark that a name speaks of, whatever its case and punctuation. */
    public static Optional<Benchmark> named(String text) {
        String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        return Arrays.stream(values()).filter(b -> b.name.matcher(plain).find()).findFirst();
    }

    /**
     * What to call the problems of a file: the benchmark that its name or its folder's speaks of, or the one that alone has
     * its layout, or else its name without the ending.
     */
    public static String title(Path file, Layout layout) {
        Path whole = file.toAbsolutePath().normalize();
        String own = whole.getFileName().toString();
        Path folder = whole.getParent().getFileName();
        Optional<Benchmark> named = named(own)
                .or(() -> Optional.ofNullable(folder).flatMap(f -> named(f.toString())))
                .or(() -> layout == Layout.GSM8K ? Optional.of(GSM8K)
                        : layout == Layout.OLYMPIAD ? Optional.of(OLYMPIAD) : Optional.empty());
        return named.map(Benchmark::title).orElse(own.replaceFirst("(?<=.)\\.[^.]*$", ""));
    }
}
