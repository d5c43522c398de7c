package llm;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Methods written in TorchScript, loaded from source text. The engine reads an archive: a zip of the source, the pickle of
 * one object without attributes, and no constants.
 */
final class TorchScript {

    private TorchScript() {}

    /**
     * Creates a module on the manager's device that lives as long as the manager.
     *
     * @param methods the body of the class, indented by two
     */
    static PtSymbolBlock load(String name, String methods, NDManager manager) {
        String source = """
                class %s(Module):
                  __parameters__ = []
                  __buffers__ = []
                  training : bool
                """.formatted(name) + methods;
        try {
            return JniUtils.loadModule((PtNDManager) manager, new ByteArrayInputStream(archive(name, source)), false, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // from memory: cannot happen
        }
    }

    private static byte[] archive(String name, String source) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setMethod(ZipOutputStream.STORED);
            // protocol 2; class; new object of no arguments; state {"training": true}
            put(zip, "data.pkl", "\u0080\2c__torch__\n" + name + "\n)\u0081}(X\10\0\0\0training\u0088ub.");
            put(zip, "code/__torch__.py", source);
            put(zip, "constants.pkl", "\u0080\2).");
            put(zip, "version", "3\n");
        }
        return bytes.toByteArray();
    }

    private static void put(ZipOutputStream zip, String name, String content) throws IOException {
        byte[] bytes = content.getBytes(StandardCharsets.ISO_8859_1);
        CRC32 sum = new CRC32();
        sum.update(bytes);
        ZipEntry entry = new ZipEntry("script/" + name);
        entry.setSize(bytes.length);
        entry.setCompressedSize(bytes.length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
