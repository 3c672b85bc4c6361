namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>What one run may use up.</summary>
internal sealed record SieveLimits
{
    /// <summary>Commands and tests.</summary>
    public int Steps { get; init; } = 200_000;

    /// <summary>Actions of all kinds.</summary>
    public int Actions { get; init; } = 32;

    /// <summary>Redirects.</summary>
    public int Redirects { get; init; } = 4;

    /// <summary>Characters of a string with its variables filled in.</summary>
    public int ExpandedText { get; init; } = 64 * 1024;

    /// <summary>Octets of header fields a script may add.</summary>
    public int AddedHeader { get; init; } = 64 * 1024;

    /// <summary>Characters of decoded text that body tests and extracttext look at.</summary>
    public int BodyText { get; init; } = 4 * 1024 * 1024;
}

/// <summary>The envelope a script sees.</summary>
/// <param name="From">The reverse-path, empty for the null one, null when there is no envelope.</param>
/// <param name="To">The recipient of this delivery.</param>
/// <param name="Auth">Who was signed in, if anybody.</param>
internal sealed record SieveEnvelope(string? From, string? To, string? Auth = null);

/// <summary>A script at work on a message.</summary>
internal sealed class SieveRun(SieveMessage message, SieveEnvelope envelope, ISieveSurroundings around, SieveDialect dialect)
{
    private int _steps;

    public SieveMessage Message { get; set; } = message;

    /// <summary>The message as it came, before the script edited it.</summary>
    public SieveMessage Original { get; } = message;

    public SieveEnvelope Envelope { get; set; } = envelope;

    public ISieveSurroundings Around { get; } = around;

    public SieveDialect Dialect { get; } = dialect;

    public SieveLimits Limits { get; init; } = new();

    public SieveVariables Variables { get; init; } = new(dialect.MaximumVariable);

    public SieveResult Result { get; set; } = new();

    /// <summary>Flags that keep and fileinto take when they name none (RFC 5232 2).</summary>
    public List<string> Flags { get; set; } = [];

    /// <summary>The moment of this run: all tests of it see the same (RFC 5260 5).</summary>
    public DateTimeOffset Now { get; } = around.Now;

    /// <summary>Loops at work, the inner ones first.</summary>
    public Stack<PartInLoop> Parts { get; } = new();

    /// <summary>Characters of header fields added.</summary>
    public int HeaderAdded { get; set; }

    /// <summary>Scripts that :once has run already.</summary>
    public HashSet<string> Included { get; } = new(StringComparer.Ordinal);

    /// <summary>Runs commands until one says otherwise.</summary>
    public async ValueTask<Flow> RunAsync(IReadOnlyList<SieveStep> steps, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            Count(step.Line);
            cancellationToken.ThrowIfCancellationRequested();
            var flow = await step.RunAsync(this, cancellationToken);
            if (flow.Kind != FlowKind.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    /// <summary>Runs a whole script.</summary>
    /// <exception cref="SieveRuntimeException">A mistake that shows only now.</exception>
    public async ValueTask RunAsync(CompiledScript script, CancellationToken cancellationToken)
    {
        using (Variables.EnterScript())
        {
            await RunAsync(script.Steps, cancellationToken);
        }
    }

    public ValueTask<bool> HoldsAsync(SieveTest test, CancellationToken cancellationToken)
    {
        Count(test.Line);
        return test.HoldsAsync(this, cancellationToken);
    }

    public void Count(int line, int cost = 1)
    {
        _steps += cost;
        if (_steps > Limits.Steps)
        {
            throw new SieveRuntimeException(line, "the script takes too long");
        }
    }
}

/// <summary>The part a foreverypart loop is at.</summary>
/// <param name="Part">The part.</param>
/// <param name="Loop">Name of the loop, if any.</param>
internal sealed record PartInLoop(MimeKit.MimeEntity Part, string? Loop);
