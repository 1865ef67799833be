package io.finback.runtime;

import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Decides what a member that is no master does about what the masters answer. A cluster with a single master that still lives is
 * never left: who is right in a partition is the split brain resolver's business, not ours. Pure.
 */
final class MembershipRule {
    private MembershipRule() {}

    /**
     * What this member believes.
     *
     * @param joined whether it is in a cluster
     * @param masters the masters of that cluster; true where the failure detector sees them
     */
    record View(boolean joined, Map<Incarnation, Boolean> masters) {
        View {
            masters = Map.copyOf(masters);
        }

        /** A master whose address answers as a new incarnation is dead, however recently it was seen. */
        boolean anyMasterLives(Collection<IAm> answers) {
            return masters.entrySet().stream()
                    .anyMatch(master -> master.getValue()
                            && answers.stream()
                                    .noneMatch(answer -> answer.self().replaces(master.getKey())));
        }
    }

    /** What to do. */
    sealed interface Verdict {
        /** Nothing. */
        enum Stay implements Verdict {
            STAY
        }

        /** End this incarnation: it belongs to a cluster that is gone. */
        enum Rejoin implements Verdict {
            REJOIN
        }

        /** Join the cluster of these masters. */
        record Join(List<String> addresses) implements Verdict {
            public Join {
                addresses = List.copyOf(addresses);
            }
        }
    }

    /** {@code answers}: the latest of each address, none older than a few seconds. */
    static Verdict decide(View view, Collection<IAm> answers) {
        List<IAm> members = answers.stream().filter(IAm::member).toList();
        if (!view.joined()) {
            return members.isEmpty()
                    ? Verdict.Stay.STAY
                    : new Verdict.Join(members.stream()
                            .map(answer -> answer.self().address())
                            .toList());
        }
        boolean strangers =
                members.stream().anyMatch(answer -> !view.masters().containsKey(answer.self()) && !answer.knowsYou());
        return strangers && !view.anyMasterLives(answers) ? Verdict.Rejoin.REJOIN : Verdict.Stay.STAY;
    }

    /** Whether every master that answers, one of ours among them, has forgotten this member (which it learns late or never). */
    static boolean forgotten(View view, Collection<IAm> answers) {
        List<IAm> members = answers.stream().filter(IAm::member).toList();
        return view.joined()
                && members.stream().anyMatch(answer -> view.masters().containsKey(answer.self()))
                && members.stream().noneMatch(IAm::knowsYou);
    }
}
