using MailPlus.Engine.Filtering.Pipeline;

namespace MailPlus.Engine.Filtering.Authenticate;

/// <summary>Tells what mail authentication found. It asks for nothing yet: acting on it belongs to the security policies.</summary>
public sealed class AuthenticationStage : IFilterStage
{
    /// <inheritdoc/>
    public string Name => "authentication";

    /// <inheritdoc/>
    public ValueTask<Finding?> ExamineAsync(Facts facts, CancellationToken cancellationToken) =>
        facts.Authentication is { } found ? new(new Finding(Name, FindingEffect.None, found.ToLine())) : default;
}
