package io.finback.controlplane.chronosapi;

import io.finback.controlplane.job.JobAccess;
import io.finback.security.Action;
import io.finback.security.Principal;
import io.finback.security.Rules;
import io.finback.security.Sight;
import java.util.Optional;

/** What one principal may do with jobs. To who may not see a job there is none; who may not change it is answered 403. */
final class JobRights implements JobAccess {
    private final Rules rules;
    private final Optional<Principal> who;
    private final Sight sight;

    JobRights(Rules rules, Optional<Principal> who) {
        this.rules = rules;
        this.who = who;
        this.sight = rules.sight(who);
    }

    /** Nothing of any job is hidden or refused. */
    boolean isWhole() {
        return sight.isWhole(Action.VIEW_JOB, Action.CHANGE_JOB);
    }

    @Override
    public boolean sees(String name) {
        return sight.sees(Action.VIEW_JOB, name);
    }

    @Override
    public void change(String name) {
        if (!rules.allows(who, Action.CHANGE_JOB, name)) {
            throw Failure.forbidden();
        }
    }
}
