/** @file What happened, to which file, and what to do. Errors are read aloud at once, the rest politely. */
import { CircleAlert, Info, TriangleAlert, X } from 'lucide-react';
import { useEffect } from 'react';
import { dismissNotice, useSession, type Notice } from '../state/session';
import { Button } from '../ui/button';

/** Information leaves by itself; warnings and errors stay until they are closed. */
const informationMs = 8000;

export function Notices() {
  const notices = useSession((session) => session.notices);
  return (
    <div className="notices">
      {notices.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function NoticeCard({ notice: { id, kind, message, remedy } }: { notice: Notice }) {
  useEffect(() => {
    if (kind !== 'info') return;
    const timer = setTimeout(() => dismissNotice(id), informationMs);
    return () => clearTimeout(timer);
  }, [id, kind]);
  const Icon = { info: Info, warning: TriangleAlert, error: CircleAlert }[kind];
  return (
    <div className={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <Icon size={16} />
      <span className="grow">
        <b>{message}</b> {remedy}
      </span>
      <Button kind="ghost" small className="icon" aria-label="Close this notice" onClick={() => dismissNotice(id)}>
        <X size={14} />
      </Button>
    </div>
  );
}
