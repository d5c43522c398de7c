package lppo;

//JAVA 17+
//DEPS ai.djl:api:0.35.1
//DEPS ai.djl.pytorch:pytorch-engine:0.35.1
//DEPS ai.djl.pytorch:pytorch-jni:2.7.1-0.35.1
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:${env.LPPO_LIBTORCH:linux-x86_64}
//DEPS ai.djl.huggingface:tokenizers:0.35.1
//DEPS tech.tablesaw:tablesaw-core:0.44.4
//DEPS org.knowm.xchart:xchart:4.0.3
//DEPS info.picocli:picocli:4.7.7
//DEPS me.tongfei:progressbar:0.10.2
//DEPS org.slf4j:slf4j-nop:2.0.17
//COMPILE_OPTIONS -proc:none -Xlint:all,-processing,-serial
//RUNTIME_OPTIONS -Djava.awt.headless=true -DOPT_OUT_TRACKING=true

/**
 * The one place that says what everything is built from: the Java version, the libraries with their
 * versions, and every file of {@code lib}. A script has it all by one line,
 * {@code //SOURCES ../lib/lppo/Lppo.java}.
 *
 * <p>The files are listed one by one because JBang follows no glob when a script is run from a URL; a test
 * keeps the list complete. {@code LPPO_LIBTORCH} names the platform of libtorch and is set by the
 * {@code jbang} wrapper; where the jar is of another platform, or the variable is empty, DJL downloads
 * libtorch by itself: with CUDA, if it finds a GPU.
 */
public final class Lppo {
    private Lppo() {}
}
