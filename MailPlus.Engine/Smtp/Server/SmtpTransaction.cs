using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Server;

/// <summary>From MAIL to the end of the message, or to RSET.</summary>
internal sealed class SmtpTransaction(EmailAddress? reversePath, MailParameters parameters) : IAsyncDisposable
{
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    public EmailAddress? ReversePath => reversePath;

    public MailParameters Parameters => parameters;

    /// <summary>When, by when and how urgently.</summary>
    public DeliveryTerms Terms { get; init; } = DeliveryTerms.None;

    public List<Recipient> Recipients { get; } = [];

    /// <summary>Chunks of BDAT so far, null before the first.</summary>
    public MessageSpool? Chunks { get; set; }

    /// <summary>Finds bare line ends across chunks; null where lines mean nothing.</summary>
    public LineEndCheck? ChunkLines { get; } = parameters.BinaryMime ? null : new LineEndCheck();

    /// <summary>Adds a recipient; one named twice gets one copy.</summary>
    public void Add(Recipient recipient)
    {
        if (_keys.Add(recipient.Address.Key))
        {
            Recipients.Add(recipient);
        }
    }

    public Envelope ToEnvelope() => new(reversePath, Recipients)
    {
        Return = parameters.Return,
        EnvelopeId = parameters.EnvelopeId,
        SmtpUtf8 = parameters.SmtpUtf8,
        EightBitMime = parameters.EightBitMime,
        BinaryMime = parameters.BinaryMime,
        Terms = Terms,
    };

    public ValueTask DisposeAsync() => Chunks?.DisposeAsync() ?? ValueTask.CompletedTask;
}
