package lppo;

//JAVA 17+
//DEPS ai.djl:api:0.35.1
//DEPS ai.djl.pytorch:pytorch-engine:0.35.1
//DEPS ai.djl.pytorch:pytorch-jni:2.7.1-0.35.1
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:${env.LPPO_LIBTORCH:linux-x86_64}
//DEPS ai.djl.huggingface:tokenizers:0.35.1
//DEPS com.google.code.gson:gson:2.13.1
//DEPS tech.tablesaw:tablesaw-core:0.44.4
//DEPS com.univocity:univocity-parsers:2.9.1
//DEPS org.apache.commons:commons-math3:3.6.1
//DEPS org.knowm.xchart:xchart:4.0.3
//DEPS org.slf4j:slf4j-nop:2.0.17
//SOURCES AdaptivePrefix.java
//SOURCES Advantage.java
//SOURCES Aggregation.java
//SOURCES Algorithm.java
//SOURCES AnswerLeak.java
//SOURCES Baseline.java
//SOURCES Cut.java
//SOURCES DifficultySelection.java
//SOURCES GuidanceRule.java
//SOURCES Hint.java
//SOURCES Kl.java
//SOURCES Normalization.java
//SOURCES Objective.java
//SOURCES Overlong.java
//SOURCES PolicyLoss.java
//SOURCES PrefixSampler.java
//SOURCES ProgressTracker.java
//SOURCES RandomPrefix.java
//SOURCES Refill.java
//SOURCES RefilledRollout.java
//SOURCES RescuedRollout.java
//SOURCES Selection.java
//SOURCES ShuffledSelection.java
//SOURCES Stateful.java
//SOURCES StepCut.java
//SOURCES Weighting.java
//SOURCES data/BadInput.java
//SOURCES data/Checksums.java
//SOURCES data/Json.java
//SOURCES data/JsonRow.java
//SOURCES data/JsonRows.java
//SOURCES data/OneLine.java
//SOURCES data/Problem.java
//SOURCES data/Problems.java
//SOURCES data/PromptFormat.java
//SOURCES data/PythonList.java
//SOURCES data/Seed.java
//SOURCES data/Step.java
//SOURCES judge/ConfidenceInterval.java
//SOURCES judge/Evaluation.java
//SOURCES judge/Reward.java
//SOURCES judge/Score.java
//SOURCES judge/Scoring.java
//SOURCES learn/AdamW.java
//SOURCES learn/Diverged.java
//SOURCES learn/Learner.java
//SOURCES learn/LearnerSettings.java
//SOURCES learn/Sample.java
//SOURCES learn/TokenBatch.java
//SOURCES learn/UpdateMetrics.java
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
//SOURCES rollout/Completion.java
//SOURCES rollout/GpuRollout.java
//SOURCES rollout/Group.java
//SOURCES rollout/Prompt.java
//SOURCES rollout/Rollout.java
//SOURCES rollout/Sampling.java
//SOURCES run/Backend.java
//SOURCES run/Checkpoints.java
//SOURCES run/Columns.java
//SOURCES run/FineTuning.java
//SOURCES run/FolderListener.java
//SOURCES run/Footprint.java
//SOURCES run/Health.java
//SOURCES run/Memory.java
//SOURCES run/Metrics.java
//SOURCES run/OutOfMemory.java
//SOURCES run/PromptFit.java
//SOURCES run/Recipe.java
//SOURCES run/RunConfig.java
//SOURCES run/RunFolder.java
//SOURCES run/RunListener.java
//SOURCES run/StepMetrics.java
//SOURCES run/StepTiming.java
//SOURCES run/Steps.java
//SOURCES run/Trainer.java
//SOURCES run/Training.java
//SOURCES run/Visit.java
//SOURCES run/WorkerSetup.java
//SOURCES task/BasePolicy.java
//SOURCES task/ModularChain.java
//SOURCES task/ModularChainTask.java
//SOURCES task/SimpleTask.java
//SOURCES task/Task.java
//SOURCES task/Tasks.java
//SOURCES view/Charts.java
//SOURCES view/Curve.java
//SOURCES view/Display.java
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
