namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>Something a script wants done with its message, after it has ended (RFC 5228 2.10).</summary>
internal abstract record SieveAction(int Line)
{
    public abstract string Name { get; }
}

/// <summary>Store, in the inbox (keep) or elsewhere (fileinto).</summary>
/// <param name="Mailbox">Null is the inbox.</param>
/// <param name="Flags">Flags and keywords it gets.</param>
/// <param name="Content">The message as it was then: editheader may change it afterwards.</param>
internal sealed record StoreAction(string? Mailbox, IReadOnlyList<string> Flags, SieveMessage Content, int Line) : SieveAction(Line)
{
    public override string Name => IsKeep ? "keep" : "fileinto";

    /// <summary>Asked for by keep; fileinto may name the inbox too.</summary>
    public bool IsKeep { get; init; }

    /// <summary>Makes the mailbox when it is missing (RFC 5490 3.2).</summary>
    public bool Create { get; init; }

    /// <summary>Into the mailbox of this use, when there is one (RFC 8579 4).</summary>
    public string? SpecialUse { get; init; }

    /// <summary>Into the mailbox of this id, when there is one (RFC 9042 4).</summary>
    public string? MailboxId { get; init; }

    /// <summary>Done because nothing else was.</summary>
    public bool IsImplicit { get; init; }
}

/// <summary>Send on.</summary>
internal sealed record RedirectAction(string Address, SieveMessage Content, int Line) : SieveAction(Line)
{
    public override string Name => "redirect";
}

/// <summary>Throw away.</summary>
internal sealed record DiscardAction(int Line) : SieveAction(Line)
{
    public override string Name => "discard";
}

/// <summary>Refuse (RFC 5429).</summary>
internal sealed record RejectAction(string Reason, bool IsEreject, int Line) : SieveAction(Line)
{
    public override string Name => IsEreject ? "ereject" : "reject";
}

/// <summary>Answer that somebody is away (RFC 5230).</summary>
internal sealed record VacationAction(string Reason, int Line) : SieveAction(Line)
{
    public override string Name => "vacation";

    public string? Subject { get; init; }

    public string? From { get; init; }

    public string Handle { get; init; } = "";

    /// <summary>How long the same sender gets no second answer; 0 always answers.</summary>
    public ulong Seconds { get; init; } = 7 * 86400;

    public bool IsMime { get; init; }

    public IReadOnlyList<string> Addresses { get; init; } = [];

    public FileCarbonCopy? Fcc { get; init; }
}

/// <summary>Tell somebody by other means (RFC 5435).</summary>
internal sealed record NotifyAction(NotifyMethod Method, int Line) : SieveAction(Line)
{
    public override string Name => "notify";

    public string? From { get; init; }

    public string? Message { get; init; }

    /// <summary>1 high, 2 normal, 3 low.</summary>
    public int Importance { get; init; } = 2;

    public FileCarbonCopy? Fcc { get; init; }
}

/// <summary>Where a copy of a generated message goes (RFC 8580).</summary>
internal sealed record FileCarbonCopy(string Mailbox, IReadOnlyList<string> Flags, bool Create, string? SpecialUse, string? MailboxId);

/// <summary>A mailto URI a notification goes to (RFC 5436).</summary>
/// <param name="Uri">As written.</param>
/// <param name="Recipients">Addresses, each with "Cc" or "Bcc" or "To".</param>
/// <param name="Headers">Further header fields.</param>
/// <param name="Body">Text of the message, null when the URI has none.</param>
internal sealed record NotifyMethod(string Uri, IReadOnlyList<(string Field, Extensions.SieveAddress Address)> Recipients, IReadOnlyList<(string Name, string Value)> Headers, string? Body);

/// <summary>The actions of a run in order, and whether the implicit keep stands (RFC 5228 2.10.2).</summary>
internal sealed class SieveResult
{
    private static readonly string[] AgainstReject = ["keep", "fileinto", "redirect", "vacation"];

    private readonly List<SieveAction> _actions = [];
    private int _earlier;

    public IReadOnlyList<SieveAction> Actions => _actions;

    /// <summary>The message goes into the inbox at the end.</summary>
    public bool KeepsImplicitly { get; private set; } = true;

    /// <summary>Another script goes on: what it wants against an earlier one is passed over, as its author could not know.</summary>
    public void BeginNext() => _earlier = _actions.Count;

    /// <summary>The message goes into the inbox after all.</summary>
    public void RestoreKeep() => KeepsImplicitly = true;

    /// <summary>The message does not go into the inbox by itself.</summary>
    public void CancelKeep() => KeepsImplicitly = false;

    /// <summary>Adds an action; the same thing twice is done once.</summary>
    /// <exception cref="SieveRuntimeException">It contradicts another, or there are too many.</exception>
    public void Add(SieveAction action, SieveLimits limits)
    {
        if (_actions.Any(other => Same(other, action)))
        {
            return;
        }

        var at = _actions.FindIndex(other => Conflict(other, action) || Conflict(action, other));
        if (at >= 0 && at < _earlier)
        {
            if (action is RejectAction && !_actions.OfType<RejectAction>().Any())
            {
                _actions.Add(action);
            }

            return;
        }

        if (at >= 0)
        {
            var rival = _actions[at];
            throw new SieveRuntimeException(action.Line, $"the {action.Name} action conflicts with the {rival.Name} action of line {rival.Line}");
        }

        if (_actions.Count >= limits.Actions)
        {
            throw new SieveRuntimeException(action.Line, $"total number of actions exceeds policy limit ({limits.Actions})");
        }

        if (action is RedirectAction && _actions.OfType<RedirectAction>().Count() >= limits.Redirects)
        {
            throw new SieveRuntimeException(action.Line, $"number of redirect actions exceeds policy limit ({limits.Redirects})");
        }

        _actions.Add(action);
    }

    /// <summary>Two stores into one mailbox are one, with the flags of the later.</summary>
    public void Store(StoreAction action, SieveLimits limits)
    {
        var at = _actions.FindIndex(other => other is StoreAction store && store.Mailbox == action.Mailbox && store.SpecialUse == action.SpecialUse);
        if (at >= 0)
        {
            _actions[at] = action with { Content = ((StoreAction)_actions[at]).Content };
            return;
        }

        Add(action, limits);
    }

    private static bool Same(SieveAction one, SieveAction other) => (one, other) switch
    {
        (RedirectAction a, RedirectAction b) => a.Address.Equals(b.Address, StringComparison.OrdinalIgnoreCase),
        (DiscardAction, DiscardAction) => true,
        (NotifyAction a, NotifyAction b) => a.Method.Uri == b.Method.Uri && a.Message == b.Message,
        _ => false,
    };

    /// <summary>RFC 5429 2.4: a refused message goes nowhere else; RFC 5230 4.7: it is not answered either, and one answer is enough.</summary>
    private static bool Conflict(SieveAction one, SieveAction other) =>
        one is RejectAction && (AgainstReject.Contains(other.Name) || other is RejectAction) || one is VacationAction && other is VacationAction;
}
