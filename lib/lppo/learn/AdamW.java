package lppo.learn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import common.BadInput;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import llm.Scopes;

/**
 * AdamW (arXiv 1711.05101) with PyTorch's formula, in place:
 *
 * <pre>  p -= lr wd p,  m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
 *   p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps).</pre>
 *
 * Gradients are those that the engine has accumulated on the parameters; a step consumes them.
 */
public final class AdamW {

    private final List<NDArray> parameters;
    private final Settings settings;
    private final List<NDArray> first = new ArrayList<>();
    private final List<NDArray> second = new ArrayList<>();
    private long steps;

    /**
     * The constants.
     *
     * @param beta1 decay of the first moment, in [0, 1)
     * @param beta2 decay of the second moment, in [0, 1)
     * @param epsilon added to the root of the second moment
     * @param weightDecay decoupled decay
     */
    public record Settings(double beta1, double beta2, double epsilon, double weightDecay) {

        public Settings {
            BadInput.unless(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "AdamW betas %s, %s: must lie in [0, 1)",
                    beta1, beta2);
            BadInput.unless(epsilon > 0 && Double.isFinite(epsilon), "AdamW epsilon %s: must be positive", epsilon);
            BadInput.unless(weightDecay >= 0 && Double.isFinite(weightDecay), "weight decay %s: must be 0 or more", weightDecay);
        }
    }

    /** Moments of zero for these parameters, which from now on record gradients. */
    public AdamW(List<NDArray> parameters, NDManager manager, Settings settings) {
        this.parameters = parameters;
        this.settings = settings;
        Scopes.recordNothing();
        for (NDArray parameter : parameters) {
            parameter.setRequiresGradient(true);
            first.add(owned(manager.zeros(parameter.getShape(), parameter.getDataType())));
            second.add(owned(manager.zeros(parameter.getShape(), parameter.getDataType())));
        }
    }

    /** The Euclidean norm of all gradients together. */
    public double gradientNorm() {
        double[] squares = {0};
        parameters.forEach(p -> Scopes.run(() -> squares[0] += p.getGradient().square().sum().getFloat()));
        return Math.sqrt(squares[0]);
    }

    /** Zeroes the accumulated gradients, even if they are NaN. */
    public void zeroGradients() {
        zeroGradients(parameters);
    }

    /** Zeroes the gradients of any arrays that record them. */
    public static void zeroGradients(List<NDArray> parameters) {
        parameters.forEach(p -> Scopes.run(() -> p.getGradient().set(new NDIndex("..."), 0)));
    }

    /**
     * Moves the parameters once and zeroes the gradients.
     *
     * @param learningRate of this step
     * @param scale multiplies the gradients first, as clipping by global norm does
     */
    public void step(double learningRate, double scale) {
        Scopes.recordNothing();
        steps++;
        double correction1 = 1 - Math.pow(settings.beta1(), steps);
        double correction2 = Math.sqrt(1 - Math.pow(settings.beta2(), steps));
        for (int i = 0; i < parameters.size(); i++) {
            NDArray parameter = parameters.get(i);
            NDArray m = first.get(i);
            NDArray v = second.get(i);
            Scopes.run(() -> {
                NDArray gradient = parameter.getGradient();
                if (scale != 1) {
                    gradient.muli(scale);
                }
                if (settings.weightDecay() > 0) {
                    parameter.muli(1 - learningRate * settings.weightDecay());
                }
                m.muli(settings.beta1()).addi(gradient.mul(1 - settings.beta1()));
                v.muli(settings.beta2()).addi(gradient.square().muli(1 - settings.beta2()));
                NDArray denominator = v.sqrt().divi(correction2).addi(settings.epsilon());
                parameter.subi(m.div(denominator).muli(learningRate / correction1));
                gradient.subi(gradient);
            });
        }
    }

    /** Steps taken. */
    public long steps() {
        return steps;
    }

    /** The moments by name, for saving. */
    public Map<String, NDArray> state() {
        Map<String, NDArray> state = new LinkedHashMap<>();
        for (int i = 0; i < first.size(); i++) {
            state.put("first." + i, first.get(i));
            state.put("second." + i, second.get(i));
        }
        return state;
    }

    /**
     * Restores saved moments.
     *
     * @throws BadInput if they are not those of these parameters
     */
    public void restore(Map<String, NDArray> state, long stepsTaken) {
        state().forEach((name, moment) -> {
            NDArray saved = state.get(name);
            BadInput.unless(saved != null && saved.getShape().equals(moment.getShape()),
                    "the saved optimiser does not fit this model: %s is missing or of another shape", name);
            Scopes.run(() -> moment.subi(moment).addi(saved));
        });
        steps = stepsTaken;
    }

    private static NDArray owned(NDArray array) {
        NDScope.unregister(array);
        return array;
    }
}
