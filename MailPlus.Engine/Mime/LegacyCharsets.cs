using System.Runtime.CompilerServices;
using System.Text;

namespace MailPlus.Engine.Mime;

/// <summary>Makes the legacy code pages of Korean, Japanese and Chinese mail known.</summary>
internal static class LegacyCharsets
{
    // MimeKit looks its charsets up once, on first use from anywhere; registering later would leave it without them.
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
}
