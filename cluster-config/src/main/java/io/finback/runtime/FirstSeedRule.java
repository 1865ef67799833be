package io.finback.runtime;

import io.finback.runtime.MembershipMessage.IAm;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * Decides what the first of several seeds does before it is in a cluster. It alone may form one, and only where more than half of all seeds, itself
 * among them, are in none: were it enough that nobody answers, one that is cut off would form a second cluster beside the one that
 * runs. All others only ever join. Pure.
 */
final class FirstSeedRule {
    private FirstSeedRule() {}

    /** What to do. */
    sealed interface Verdict {
        /** Ask again. */
        enum Wait implements Verdict {
            WAIT
        }

        /** Form a cluster. */
        enum Form implements Verdict {
            FORM
        }

        /** Join the cluster of these. */
        record Join(List<String> addresses) implements Verdict {
            public Join {
                addresses = List.copyOf(addresses);
            }
        }
    }

    /**
     * @param seeds how many there are
     * @param answers of the other seeds, the latest of each, none older than a few seconds
     * @param waited how long more than half have been in no cluster; of two seeds, for which that can mean nothing, since the start
     * @param aloneAfter so long is waited for those that do not answer: they may be the rest of a cluster that is about to end
     */
    static Verdict decide(int seeds, Collection<IAm> answers, Duration waited, Duration aloneAfter) {
        List<IAm> members = answers.stream().filter(IAm::member).toList();
        if (!members.isEmpty()) {
            return new Verdict.Join(
                    members.stream().map(answer -> answer.self().address()).toList());
        }
        boolean late = waited.compareTo(aloneAfter) >= 0;
        boolean enough = outside(answers) == seeds || (late && (mostOutside(seeds, answers) || seeds == 2));
        return enough ? Verdict.Form.FORM : Verdict.Wait.WAIT;
    }

    /** More than half of all seeds, the asking one among them, say that they are in no cluster. */
    static boolean mostOutside(int seeds, Collection<IAm> answers) {
        return 2 * outside(answers) > seeds;
    }

    private static int outside(Collection<IAm> answers) {
        return 1 + (int) answers.stream().filter(IAm::isOutside).count();
    }
}
