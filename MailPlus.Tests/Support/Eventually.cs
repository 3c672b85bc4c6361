using System.Diagnostics;

namespace MailPlus.Tests.Support;

/// <summary>Waits for something to become true by asking again and again, never by sleeping a fixed time.</summary>
public static class Eventually
{
    /// <summary>Asks until the answer is true; fails with what <paramref name="what"/> says after <paramref name="limit"/> (3 minutes: a machine may be busy).</summary>
    /// <param name="ask">What is asked.</param>
    /// <param name="what">What is waited for.</param>
    /// <param name="limit">How long.</param>
    /// <param name="longestPause">Milliseconds between two askings at most; few where asking costs nothing or moves a clock.</param>
    public static async Task TrueAsync(Func<Task<bool>> ask, Func<string> what, TimeSpan? limit = null, int longestPause = 500)
    {
        var watch = Stopwatch.StartNew();
        var pause = 20;
        while (!await ask())
        {
            if (watch.Elapsed > (limit ?? TimeSpan.FromMinutes(3)))
            {
                throw new TimeoutException($"after {watch.Elapsed.TotalSeconds:F0} s still not: {what()}");
            }

            await Task.Delay(pause);
            pause = Math.Min(pause * 2, longestPause);
        }
    }
}
