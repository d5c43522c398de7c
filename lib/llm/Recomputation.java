package llm;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Activation checkpointing (arXiv 1604.06174): backpropagation keeps only the input of each block and recomputes the block when needed.
 * Memory for the activations of one block instead of all, at the cost of one more forward pass.
 */
public final class Recomputation {

    private Recomputation() {}

    /**
     * Accumulates the gradient of a loss on the policy's parameters.
     *
     * @param tokens model input {@code [B, T]} int64
     * @param head given the output of the last block {@code [B, T, C]}, before {@link Decoder#finalNorm}, calls backward on the loss, with
     *     its own gradient collectors
     */
    public static void backward(Policy policy, NDArray tokens, Consumer<NDArray> head) {
        Decoder decoder = policy.decoder();
        Decoder.Positions positions = decoder.positions(tokens);
        List<NDArray> inputs = new ArrayList<>(); // of each block, then the output of the last
        inputs.add(decoder.embed(tokens));
        int layers = policy.config().layers();
        for (int i = 0; i < layers; i++) {
            int index = i;
            inputs.add(Scopes.keep(() -> decoder.block(inputs.get(index), index, positions, null)));
        }
        NDArray output = inputs.remove(layers);
        output.setRequiresGradient(true);
        head.accept(output);
        NDArray gradient = policy.wide(output.getGradient());
        for (int i = layers - 1; i >= 0; i--) {
            int index = i;
            NDArray input = inputs.get(i);
            NDArray above = gradient;
            gradient = Scopes.keep(() -> {
                input.setRequiresGradient(true);
                backward(policy, () -> decoder.block(input, index, positions, null), above);
                return policy.wide(input.getGradient());
            });
            above.close();
            input.close();
        }
        if (policy.weights().embedding().hasGradient()) { // not when only adapters learn
            NDArray above = gradient;
            Scopes.run(() -> backward(policy, () -> decoder.embed(tokens), above));
        }
    }

    /**
     * Accumulates the gradient of a loss on the policy's parameters, where the head takes its turns by itself; nothing is computed again.
     *
     * @param forward computes hidden states
     * @param head given them, calls backward on the loss, with gradient collectors of its own
     */
    public static void backward(Policy policy, Supplier<NDArray> forward, Consumer<NDArray> head) {
        NDArray hidden;
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            hidden = forward.get();
        }
        NDArray output = hidden.stopGradient();
        output.setRequiresGradient(true);
        head.accept(output);
        backward(policy, () -> hidden, policy.wide(output.getGradient()));
    }

    /** Backward from an array whose gradient is known: that of the scalar sum(array * gradient). */
    private static void backward(Policy policy, Supplier<NDArray> forward, NDArray gradient) {
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            collector.backward(policy.wide(forward.get()).mul(gradient).sum());
        }
    }
}
