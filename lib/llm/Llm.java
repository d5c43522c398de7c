package llm;

//JAVA 17+
//DEPS ai.djl:api:0.35.1
//DEPS ai.djl.pytorch:pytorch-engine:0.35.1
//DEPS ai.djl.pytorch:pytorch-jni:2.7.1-0.35.1
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:${env.LPPO_LIBTORCH:linux-x86_64}
//DEPS ai.djl.huggingface:tokenizers:0.35.1
//DEPS org.slf4j:slf4j-nop:2.0.17
//SOURCES ../common/Common.java
//SOURCES Backpropagation.java
//SOURCES BlockKernels.java
//SOURCES Checkpoint.java
//SOURCES CpuKernels.java
//SOURCES DecodeScript.java
//SOURCES Decoder.java
//SOURCES Devices.java
//SOURCES FastDecode.java
//SOURCES FlatTokens.java
//SOURCES Gguf.java
//SOURCES GgufExport.java
//SOURCES GgufTokenizer.java
//SOURCES Kernels.java
//SOURCES KvCache.java
//SOURCES Lora.java
//SOURCES ModelConfig.java
//SOURCES OneByOne.java
//SOURCES PackedRows.java
//SOURCES Policy.java
//SOURCES Precision.java
//SOURCES Probe.java
//SOURCES Recomputation.java
//SOURCES Rope.java
//SOURCES Rotary.java
//SOURCES Safetensors.java
//SOURCES Scopes.java
//SOURCES StreamedText.java
//SOURCES Tokenizer.java
//SOURCES TorchScript.java
//SOURCES Weights.java

/**
 * Sources and dependencies for loading, running and saving Hugging Face language models on DJL's PyTorch engine. A script includes them
 * with {@code //SOURCES lib/llm/Llm.java}. Independent of LPPO.
 *
 * <p>{@code LPPO_LIBTORCH} names the platform of libtorch and is set by the {@code jbang} wrapper; if the jar is for another platform, or
 * the variable is empty, DJL downloads libtorch itself, with CUDA if it finds a GPU.
 */
public final class Llm {
    private Llm() {}
}
