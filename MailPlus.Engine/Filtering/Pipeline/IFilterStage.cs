namespace MailPlus.Engine.Filtering.Pipeline;

/// <summary>One judge of a message. It changes nothing and remembers nothing of the message: same facts, same finding.</summary>
public interface IFilterStage
{
    /// <summary>Name in findings and logs.</summary>
    string Name { get; }

    /// <summary>What it sees; null when there is nothing to tell.</summary>
    ValueTask<Finding?> ExamineAsync(Facts facts, CancellationToken cancellationToken);
}
