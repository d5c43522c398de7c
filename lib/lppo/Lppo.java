package lppo;

//JAVA 17+
//DEPS com.univocity:univocity-parsers:2.9.1
//DEPS org.apache.commons:commons-math3:3.6.1
//SOURCES ../llm/Llm.java
//SOURCES AdaptivePrefix.java
//SOURCES Advantage.java
//SOURCES Aggregation.java
//SOURCES Algorithm.java
//SOURCES AnswerLeak.java
//SOURCES Baseline.java
//SOURCES ConclusionLeak.java
//SOURCES Cut.java
//SOURCES CutPlaces.java
//SOURCES DifficultySelection.java
//SOURCES GuidanceRule.java
//SOURCES Hint.java
//SOURCES Kl.java
//SOURCES LeakRule.java
//SOURCES Normalization.java
//SOURCES Objective.java
//SOURCES Overlong.java
//SOURCES PassRatePosterior.java
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
//SOURCES TokenCut.java
//SOURCES Weighting.java
//SOURCES data/Problem.java
//SOURCES data/Problems.java
//SOURCES data/PromptFormat.java
//SOURCES data/Step.java
//SOURCES judge/ConfidenceInterval.java
//SOURCES judge/Evaluation.java
//SOURCES judge/FinalNumber.java
//SOURCES judge/Reward.java
//SOURCES judge/Score.java
//SOURCES judge/Scoring.java
//SOURCES learn/AdamW.java
//SOURCES learn/Diverged.java
//SOURCES learn/Learner.java
//SOURCES learn/LearnerSettings.java
//SOURCES learn/Pass.java
//SOURCES learn/Sample.java
//SOURCES learn/TokenBatch.java
//SOURCES learn/UpdateMetrics.java
//SOURCES rollout/Completion.java
//SOURCES rollout/GpuRollout.java
//SOURCES rollout/Group.java
//SOURCES rollout/Prompt.java
//SOURCES rollout/Rollout.java
//SOURCES rollout/RolloutWatch.java
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
//COMPILE_OPTIONS -proc:none
//RUNTIME_OPTIONS -Djava.awt.headless=true -DOPT_OUT_TRACKING=true

/**
 * The build description of the library: dependencies with their versions, and every file of {@code lib/lppo}; it includes
 * {@code llm/Llm.java}. A script includes everything with one line, {@code //SOURCES ../lib/lppo/Lppo.java}.
 *
 * <p>The files are listed one by one because JBang does not expand globs when a script is run from a URL; a test keeps the list complete.
 */
public final class Lppo {
    private Lppo() {}
}
