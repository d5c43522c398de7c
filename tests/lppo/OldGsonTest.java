package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import common.BadInput;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodType;
import java.lang.reflect.Executable;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import llm.Safetensors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests the library with Gson 2.8.5, which the Java kernel IJava has on its class path before ours. That the notebooks run there too is
 * tested by {@code ./jbang notebook --check --kernel-library} with the jar of that Gson.
 */
class OldGsonTest {

    private static Path old;

    @BeforeAll
    static void fetch(@TempDir Path folder) throws Exception {
        Path script = Files.writeString(folder.resolve("Old.java"), "//DEPS com.google.code.gson:gson:2.8.5\nclass Old {}\n");
        String wrapper = Checkout.ROOT.resolve(File.separatorChar == '/' ? "jbang" : "jbang.cmd").toString();
        Process process = new ProcessBuilder(wrapper, "info", "classpath", script.toString()).redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String classPath = new String(process.getInputStream().readAllBytes()).strip();
        assertEquals(0, process.waitFor(), classPath);
        old = Stream.of(classPath.split(File.pathSeparator)).filter(entry -> entry.endsWith("gson-2.8.5.jar")).map(Path::of).findFirst()
                .orElseThrow();
    }

    @Test
    void nothingIsCalledThatItLacks() throws Exception {
        Set<String> newer = new TreeSet<>();
        int calls = 0;
        try (URLClassLoader gson = new URLClassLoader(new URL[] {old.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
                JarFile jar = new JarFile(new File(OldGsonTest.class.getProtectionDomain().getCodeSource().getLocation().toURI()))) {
            for (String name : jar.stream().map(Object::toString).filter(name -> name.endsWith(".class")).toList()) {
                String top = name.replaceFirst("(\\$.*)?\\.class$", "");
                if (Files.exists(Checkout.ROOT.resolve("lib/" + top + ".java"))) {
                    try (InputStream in = jar.getInputStream(jar.getEntry(name))) {
                        for (String[] member : members(in.readAllBytes())) {
                            calls++;
                            if (!has(gson, member)) {
                                newer.add(top + ": " + String.join(" ", member));
                            }
                        }
                    }
                }
            }
        }
        assertTrue(calls > 200, calls + " uses of Gson were found");
        assertEquals(Set.of(), newer);
    }

    /** The members of Gson's classes that a class file refers to, each as class, name and descriptor. */
    private static List<String[]> members(byte[] file) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(file));
        in.skipBytes(8);
        Object[] pool = new Object[in.readUnsignedShort()]; // a text, or the indices of an entry
        List<int[]> references = new ArrayList<>();
        for (int i = 1; i < pool.length; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> pool[i] = in.readUTF();
                case 3, 4 -> in.skipBytes(4);
                case 5, 6 -> {
                    in.skipBytes(8);
                    i++; // these take two places
                }
                case 7, 8, 16, 19, 20 -> pool[i] = new int[] {in.readUnsignedShort()};
                case 9, 10, 11, 12, 17, 18 -> {
                    pool[i] = new int[] {in.readUnsignedShort(), in.readUnsignedShort()};
                    if (tag <= 11) {
                        references.add((int[]) pool[i]);
                    }
                }
                case 15 -> in.skipBytes(3);
                default -> throw new IOException("constant of kind " + tag);
            }
        }
        return references.stream().map(reference -> {
            int[] signature = (int[]) pool[reference[1]];
            return new String[] {(String) pool[((int[]) pool[reference[0]])[0]], (String) pool[signature[0]], (String) pool[signature[1]]};
        }).filter(member -> member[0].startsWith("com/google/gson/")).toList();
    }

    private static boolean has(ClassLoader gson, String[] member) {
        try {
            Class<?> found = Class.forName(member[0].replace('/', '.'), false, gson);
            if (!member[2].startsWith("(")) {
                return Arrays.stream(found.getFields()).anyMatch(field -> field.getName().equals(member[1])
                        && field.getType().descriptorString().equals(member[2]));
            }
            MethodType type = MethodType.fromMethodDescriptorString(member[2], gson);
            Stream<? extends Executable> candidates = member[1].equals("<init>") ? Stream.of(found.getDeclaredConstructors())
                    : Stream.of(found.getMethods()).filter(method -> method.getName().equals(member[1])
                            && method.getReturnType().equals(type.returnType()));
            return candidates.anyMatch(candidate -> List.of(candidate.getParameterTypes()).equals(type.parameterList()));
        } catch (ClassNotFoundException | TypeNotPresentException e) {
            return false;
        }
    }

    @Test
    void modelsAndProblemsAreReadAndWritten(@TempDir Path folder) throws Exception {
        child(folder, "read");
    }

    @Test
    void aRunIsSavedAndResumed(@TempDir Path folder) throws Exception {
        child(folder, "train");
    }

    /** Runs {@link #main} in a process that has the old Gson first. */
    private static void child(Path folder, String what) throws Exception {
        Path log = folder.resolve("child.log");
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true", "-Dslf4j.provider=org.slf4j.nop.NOPServiceProvider",
                "-Dslf4j.internal.verbosity=ERROR", "-cp", old + File.pathSeparator + System.getProperty("java.class.path"),
                OldGsonTest.class.getName(), what, folder.toString()).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        int status = process.waitFor();
        String said = Files.readString(log);
        assertTrue(status == 0 && said.endsWith("done\n"), said);
    }

    /** What {@link #child} runs. */
    public static void main(String[] arguments) throws Exception {
        assertTrue(Gson.class.getProtectionDomain().getCodeSource().getLocation().getPath().endsWith("gson-2.8.5.jar"));
        Path folder = Path.of(arguments[1]);
        Commands commands = new Commands(folder);
        Path fixtures = Checkout.ROOT.resolve("tests/fixtures");
        String base = Checkout.ROOT.resolve("data/base").toString();
        String train = Checkout.ROOT.resolve("data/train.jsonl").toString();
        if (arguments[0].equals("read")) {
            for (String file : List.of("math500.parquet", "olympiad.parquet")) {
                commands.run(0, "dataset", fixtures + "/benchmarks/" + file, "--out", folder + "/" + file + ".jsonl");
            }
            String wrapped = "{\"rows\": [{\"row\": {\"problem\": \"start 1 +1 . . . . . . . . . . . =\", \"answer\": \"['2']\"}}]}";
            Path wrapper = Files.writeString(folder.resolve("rows.json"), wrapped);
            String scores = commands.run(0, "evaluate", "--model", base, "--device", "cpu", "--data", wrapper.toString(), "--samples", "2",
                    "--completions", folder + "/completions.jsonl");
            assertTrue(scores.contains("greedy"), scores);
            String malformed = commands.run(2, "dataset", Files.writeString(folder.resolve("bad.jsonl"), "{\"question\": NaN}").toString());
            assertTrue(malformed.contains("column 14: NaN is not a JSON value"), malformed);
            commands.run(0, "merge", "--model", fixtures + "/qwen2", "--adapter", fixtures + "/qwen2-lora", "--out", folder + "/merged");
            Path chat = Files.createDirectory(folder.resolve("chat"));
            for (Path file : Checkout.list(Path.of(base))) {
                Files.copy(file, chat.resolve(file.getFileName()));
            }
            Files.writeString(chat.resolve("tokenizer_config.json"), "{\"chat_template\": \"{{ messages[0]['content'] }}\"}");
            commands.run(0, "generate", "--model", chat.toString(), "--prompt-format", "chat", "start 1 +1 . . . . . . . . . . . =");
            for (String odd : List.of("{\"chat_template\": \"\\u0{\"}", "[".repeat(100_000), "", "7")) {
                Files.writeString(chat.resolve("tokenizer_config.json"), odd);
                String refused = commands.run(2, "generate", "--model", chat.toString(), "--prompt-format", "chat", "start 1 =");
                assertTrue(refused.contains("tokenizer_config.json: is not a JSON object"), refused);
                assertEquals(1, refused.strip().lines().count(), refused);
            }
            String deep = "{\"__metadata__\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}";
            byte[] header = ByteBuffer.allocate(8 + deep.length()).order(ByteOrder.LITTLE_ENDIAN).putLong(deep.length())
                    .put(deep.getBytes(StandardCharsets.US_ASCII)).array();
            Path tensors = Files.write(folder.resolve("deep.safetensors"), header);
            assertThrows(BadInput.class, () -> Safetensors.open(tensors));
            commands.run(0, "generate", "--model", fixtures + "/qwen3", "--max-new-tokens", "2", "start 1");
        } else {
            for (String recipe : List.of("lppo", "adaptive", "mopps")) {
                String[] run = {"train", "--recipe", recipe, "--model", base, "--data", train, "--device", "cpu",
                    "--problems-per-step", "4", "--out", folder + "/" + recipe, "--lora-rank", "2", "--steps", "2"};
                commands.run(0, run);
                run[run.length - 1] = "3";
                commands.run(0, Stream.concat(Stream.of(run), Stream.of("--resume")).toArray(String[]::new));
                assertEquals(1 + 3, Files.readAllLines(folder.resolve(recipe).resolve("metrics.csv")).size());
            }
        }
        System.out.println("done");
    }
}
