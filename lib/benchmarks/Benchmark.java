package benchmarks;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The benchmarks of the paper, and where they are published. The {@link Layout} of a file is recognised by its columns; the benchmark only
 * by its name, as several share the same columns.
 */
public enum Benchmark {
    AIME24("AIME24", 30, "aime(20)?24", new Page("HuggingFaceH4/aime_2024", Layout.PROBLEM, ""),
            new Page("Maxwell-Jia/AIME_2024", Layout.PROBLEM, "MIT"), new Page("math-ai/aime24", Layout.BOXED, "")),
    AIME25("AIME25", 30, "aime(20)?25", new Page("math-ai/aime25", Layout.PROBLEM, "Apache-2.0"),
            new Page("opencompass/AIME2025", Layout.OWN, "MIT")),
    AMC23("AMC23", 40, "amc(20)?23", new Page("math-ai/amc23", Layout.OWN, "")),
    MATH500("MATH500", 500, "math(500|oai)", new Page("HuggingFaceH4/MATH-500", Layout.PROBLEM, "")),
    MINERVA("Minerva", 272, "minerva", new Page("math-ai/minervamath", Layout.OWN, "")),
    OLYMPIAD("OlympiadBench", 674, "olympiad", new Page("Hothan/OlympiadBench", Layout.OLYMPIAD, "Apache-2.0"),
            new Page("math-ai/olympiadbench", Layout.OLYMPIAD, "")),
    GSM8K("GSM8K", 1319, "gsm8k", new Page("openai/gsm8k", Layout.GSM8K, "MIT"));

    /**
     * A place where a benchmark is published.
     *
     * @param dataset the id of the data set on the Hugging Face hub
     * @param layout of its files
     * @param licence the licence stated there; empty if none is known
     */
    public record Page(String dataset, Layout layout, String licence) {

        /** Returns the address of the page. */
        public String address() {
            return "https://huggingface.co/datasets/" + dataset;
        }
    }

    /** A public repository with the test sets of most benchmarks as JSON Lines. */
    public static final String COLLECTION = "https://github.com/QwenLM/Qwen2.5-Math/tree/main/evaluation/data";

    private final String title;
    private final int problems;
    private final Pattern name;
    private final List<Page> pages;

    Benchmark(String title, int problems, String name, Page... pages) {
        this.title = title;
        this.problems = problems;
        this.name = Pattern.compile(name);
        this.pages = List.of(pages);
    }

    /** Returns the name used in papers. */
    public String title() {
        return title;
    }

    /** Returns the number of problems in its test set. */
    public int problems() {
        return problems;
    }

    /** Returns the places where it is published, the usual one first. */
    public List<Page> pages() {
        return pages;
    }

    /** Returns the benchmark that a name refers to, ignoring case and punctuation. */
    public static Optional<Benchmark> named(String text) {
        String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        return Arrays.stream(values()).filter(b -> b.name.matcher(plain).find()).findFirst();
    }

    /**
     * Returns a display name for the problems of a file: the benchmark that its name or its folder's name refers to, or the only one with
     * its layout, or else the file name without extension.
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
