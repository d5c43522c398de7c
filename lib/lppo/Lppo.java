package lppo;

//JAVA 17+
//DEPS ai.djl:api:0.35.1
//DEPS ai.djl.pytorch:pytorch-engine:0.35.1
//DEPS ai.djl.pytorch:pytorch-jni:2.7.1-0.35.1
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:${env.LPPO_LIBTORCH:linux-x86_64}
//DEPS ai.djl.huggingface:tokenizers:0.35.1
//DEPS com.google.code.gson:gson:2.13.1
//DEPS tech.tablesaw:tablesaw-core:0.44.4
//DEPS org.apache.commons:commons-math3:3.6.1
//DEPS org.knowm.xchart:xchart:4.0.3
//DEPS blue.strategic.parquet:parquet-floor:2.3
//DEPS info.picocli:picocli:4.7.7
//DEPS me.tongfei:progressbar:0.10.2
//DEPS org.slf4j:slf4j-nop:2.0.17
//SOURCES AdaptivePrefix.java
//SOURCES Advantage.java
//SOURCES DifficultySelection.java
//SOURCES Kl.java
//SOURCES Loss.java
//SOURCES PolicyLoss.java
//SOURCES PrefixSampler.java
//SOURCES ProgressTracker.java
//SOURCES Recipe.java
//SOURCES chat/Arguments.java
//SOURCES chat/ChatTemplate.java
//SOURCES chat/Expressions.java
//SOURCES chat/Filters.java
//SOURCES chat/Frame.java
//SOURCES chat/Json.java
//SOURCES chat/Lexer.java
//SOURCES chat/Methods.java
//SOURCES chat/Operators.java
//SOURCES chat/PromptFormat.java
//SOURCES chat/Run.java
//SOURCES chat/Template.java
//SOURCES chat/TemplateError.java
//SOURCES chat/Values.java
//SOURCES cli/Children.java
//SOURCES cli/Cli.java
//SOURCES cli/Interrupt.java
//SOURCES cli/Jobs.java
//SOURCES cli/Progress.java
//SOURCES cli/WithSpark.java
//SOURCES cli/Written.java
//SOURCES data/BadInput.java
//SOURCES data/Benchmark.java
//SOURCES data/Checksums.java
//SOURCES data/Layout.java
//SOURCES data/Order.java
//SOURCES data/ParquetRows.java
//SOURCES data/Plain.java
//SOURCES data/Problem.java
//SOURCES data/Problems.java
//SOURCES data/Row.java
//SOURCES data/Rows.java
//SOURCES data/Seed.java
//SOURCES data/Selection.java
//SOURCES math/Algebra.java
//SOURCES math/Asking.java
//SOURCES math/Brackets.java
//SOURCES math/Commands.java
//SOURCES math/Complex.java
//SOURCES math/Cursor.java
//SOURCES math/Equivalence.java
//SOURCES math/Exact.java
//SOURCES math/Extract.java
//SOURCES math/Leaf.java
//SOURCES math/Lexer.java
//SOURCES math/MathAnswer.java
//SOURCES math/Matrices.java
//SOURCES math/Node.java
//SOURCES math/Numeric.java
//SOURCES math/Pairs.java
//SOURCES math/Parser.java
//SOURCES math/Rational.java
//SOURCES math/RealSet.java
//SOURCES math/SymjaText.java
//SOURCES math/Vocabulary.java
//SOURCES model/Checkpoint.java
//SOURCES model/CpuKernels.java
//SOURCES model/Decoder.java
//SOURCES model/FastDecode.java
//SOURCES model/Kernels.java
//SOURCES model/KvCache.java
//SOURCES model/Lora.java
//SOURCES model/ModelConfig.java
//SOURCES model/Policy.java
//SOURCES model/Precision.java
//SOURCES model/Recomputation.java
//SOURCES model/Rope.java
//SOURCES model/Rotary.java
//SOURCES model/Safetensors.java
//SOURCES model/Scopes.java
//SOURCES model/Tokenizer.java
//SOURCES model/TorchScript.java
//SOURCES model/Weights.java
//SOURCES reward/Overlong.java
//SOURCES reward/Reward.java
//SOURCES rollout/Completion.java
//SOURCES rollout/GpuRollout.java
//SOURCES rollout/Group.java
//SOURCES rollout/Prompt.java
//SOURCES rollout/Rollout.java
//SOURCES rollout/Sampling.java
//SOURCES task/ModularChain.java
//SOURCES train/AdamW.java
//SOURCES train/Blueprint.java
//SOURCES train/Collector.java
//SOURCES train/Compute.java
//SOURCES train/Credit.java
//SOURCES train/Diverged.java
//SOURCES train/Evaluation.java
//SOURCES train/Fit.java
//SOURCES train/Footprint.java
//SOURCES train/Health.java
//SOURCES train/Imitation.java
//SOURCES train/Interval.java
//SOURCES train/Learner.java
//SOURCES train/Options.java
//SOURCES train/OutOfMemory.java
//SOURCES train/RunFolder.java
//SOURCES train/Sample.java
//SOURCES train/Score.java
//SOURCES train/TokenBatch.java
//SOURCES train/Trainer.java
//SOURCES view/Across.java
//SOURCES view/Charts.java
//SOURCES view/Curve.java
//SOURCES view/Display.java
//SOURCES view/Report.java
//SOURCES view/Runs.java
//SOURCES view/Tables.java
//COMPILE_OPTIONS -proc:none
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
