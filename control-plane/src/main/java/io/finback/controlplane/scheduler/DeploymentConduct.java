package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppRules.Violation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How an app's deployments go on, as its labels and people say; without labels and orders as in Marathon. A restart may be done in batches,
 * each of which is complete before the next begins; it may wait for a person after its canaries or after each batch; and it may stand still
 * unless somebody says again and again that all is well. Source: Aurora's update strategies, pulses and pauses.
 *
 * @param paused by a person
 * @param approved stages that a person has let it go beyond
 * @param pulsedAt when somebody last said that all is well
 * @param resumedAt when it was last let go on: its deadline counts from there
 */
public record DeploymentConduct(boolean paused, int approved, Optional<Instant> pulsedAt, Optional<Instant> resumedAt) {
    static final String CANARY = "FINBACK_DEPLOYMENT_CANARY";
    static final String BATCHES = "FINBACK_DEPLOYMENT_BATCHES";
    static final String AUTOPAUSE = "FINBACK_DEPLOYMENT_AUTOPAUSE";
    static final String PULSE = "FINBACK_DEPLOYMENT_PULSE_SECONDS";
    private static final int MAX_BATCHES = 100;
    private static final int MAX_SECONDS = 7 * 24 * 3600;
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,6}");

    static final DeploymentConduct NONE = new DeploymentConduct(false, 0, Optional.empty(), Optional.empty());

    /** What may be told to a running deployment. */
    public enum Order {
        PAUSE,
        RESUME,
        PULSE
    }

    /** Why a deployment does not go on; {@code RUNNING}: it does. */
    public enum Standing {
        RUNNING,
        PAUSED,
        AWAITING_APPROVAL,
        AWAITING_PULSE
    }

    /**
     * How far it may go now.
     *
     * @param limit instances of the new version at most
     * @param held nothing new is begun for the deployment's sake
     */
    public record Pace(Standing standing, int limit, boolean held) {}

    static void check(List<Violation> found, Map<String, String> labels) {
        number(found, labels, CANARY, 1, 100_000);
        number(found, labels, PULSE, 1, MAX_SECONDS);
        Optional.ofNullable(labels.get(AUTOPAUSE))
                .filter(text -> !text.equals("true") && !text.equals("false"))
                .ifPresent(text ->
                        found.add(new Violation("/labels/" + AUTOPAUSE, "'" + text + "' (expected: true or false)")));
        Optional.ofNullable(labels.get(BATCHES))
                .filter(text -> sizes(text).isEmpty())
                .ifPresent(text -> found.add(new Violation(
                        "/labels/" + BATCHES,
                        "'" + text + "' (expected: 1 to " + MAX_BATCHES + " numbers from 1 on, such as '1,5,10')")));
    }

    /** {@code fresh}: instances of the new version there are; {@code ready} of them count as done. */
    public static Pace pace(AppState.Lock lock, AppDefinition app, int fresh, int ready, Instant now) {
        DeploymentConduct conduct = lock.conduct().orElse(NONE);
        int wanted = app.instances();
        if (conduct.paused()) {
            return new Pace(Standing.PAUSED, Math.min(wanted, fresh), true);
        }
        Optional<Duration> pulse = Optional.ofNullable(app.labels().get(PULSE))
                .map(Integer::parseInt)
                .map(Duration::ofSeconds);
        // Nobody can say yet that an app is well which is only being made.
        boolean silent = pulse.isPresent()
                && lock.revertTo().isPresent()
                && conduct.pulsedAt()
                        .map(at -> !now.isBefore(at.plus(pulse.get())))
                        .orElse(true);
        if (silent) {
            return new Pace(Standing.AWAITING_PULSE, Math.min(wanted, fresh), true);
        }
        List<Integer> ends = ends(app);
        int complete = complete(ends, ready);
        int stage = Math.min(complete, ends.size() - 1);
        int allowed = allowed(app, conduct, ends.size());
        Standing standing = complete > allowed ? Standing.AWAITING_APPROVAL : Standing.RUNNING;
        return new Pace(standing, ends.get(Math.min(stage, allowed)), false);
    }

    /** As {@code order} leaves it; {@code ready}: instances that are done. */
    DeploymentConduct after(Order order, AppDefinition app, int ready, Instant now) {
        return switch (order) {
            case PAUSE -> new DeploymentConduct(true, approved, pulsedAt, resumedAt);
            case PULSE -> new DeploymentConduct(paused, approved, Optional.of(now), resumedAt);
            case RESUME -> {
                // One that was paused goes on as before; only one that waits for its approval goes further by it.
                int further = paused ? approved : Math.max(approved, complete(ends(app), ready));
                yield new DeploymentConduct(false, further, pulsedAt, Optional.of(now));
            }
        };
    }

    /** After which numbers of instances a stage is complete; the last is all of them. */
    static List<Integer> ends(AppDefinition app) {
        int wanted = app.instances();
        List<Integer> ends = new ArrayList<>();
        int sum = 0;
        Optional<Integer> canary = Optional.ofNullable(app.labels().get(CANARY)).map(Integer::parseInt);
        if (canary.isPresent()) {
            sum = Math.min(wanted, canary.get());
            ends.add(sum);
        }
        List<Integer> sizes = Optional.ofNullable(app.labels().get(BATCHES))
                .map(DeploymentConduct::sizes)
                .orElse(List.of());
        for (int i = 0; sum < wanted && !sizes.isEmpty(); i++) {
            sum = Math.min(wanted, sum + sizes.get(Math.min(i, sizes.size() - 1)));
            ends.add(sum);
        }
        if (sum < wanted || ends.isEmpty()) {
            ends.add(wanted);
        }
        return ends;
    }

    private static int complete(List<Integer> ends, int ready) {
        return (int) ends.stream().filter(end -> end <= ready).count();
    }

    /** The stage it may reach without another word. */
    private static int allowed(AppDefinition app, DeploymentConduct conduct, int stages) {
        boolean everywhere = "true".equals(app.labels().get(AUTOPAUSE));
        if (everywhere) {
            return Math.min(stages - 1, conduct.approved());
        }
        boolean canary = app.labels().containsKey(CANARY);
        return canary && conduct.approved() == 0 ? 0 : stages - 1;
    }

    /** Sizes of batches, the last of which is used again; empty: no such list. */
    private static List<Integer> sizes(String text) {
        List<Integer> sizes = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            String trimmed = part.trim();
            if (!NUMBER.matcher(trimmed).matches() || Integer.parseInt(trimmed) < 1 || sizes.size() == MAX_BATCHES) {
                return List.of();
            }
            sizes.add(Integer.parseInt(trimmed));
        }
        return sizes;
    }

    private static void number(List<Violation> found, Map<String, String> labels, String name, int least, int most) {
        Optional.ofNullable(labels.get(name))
                .filter(text -> !NUMBER.matcher(text).matches()
                        || Integer.parseInt(text) < least
                        || Integer.parseInt(text) > most)
                .ifPresent(text -> found.add(
                        new Violation("/labels/" + name, "'" + text + "' (expected: " + least + " to " + most + ")")));
    }
}
